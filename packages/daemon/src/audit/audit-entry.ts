import { checkFilter, type Request } from '@troupe/core';
import type { LoadedAgent } from '../agents/registry.js';
import type { AuditEntry } from './audit.js';

/** What the audit says of a request, whatever became of it. */
// An input that no DDL is known for may hold secrets: it stays out.
export function entryOf(request: Request, agent: LoadedAgent | undefined): Omit<AuditEntry, 'outcome'> {
  const { id, caller, collective, action, traceparent } = request;
  const input = agent?.compiled.action(action)?.redact(request.input);
  const filter = filterOf(request);
  return {
    request: id,
    caller,
    collective,
    agent: request.agent,
    action,
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(input === undefined ? {} : { input }),
    ...(filter === undefined ? {} : { filter }),
  };
}

// As it travels, without what is empty.
function filterOf(request: Request): unknown {
  try {
    const parts = Object.entries(checkFilter(request.filter)).filter(([, part]) => part.length > 0);
    return parts.length === 0 ? undefined : Object.fromEntries(parts);
  } catch {
    return '(malformed)';
  }
}
