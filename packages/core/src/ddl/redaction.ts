import type { ActionDdl } from './ddl.js';
import { isHash } from './value.js';

/** What stands for a value that must not be seen. */
export const redacted = '[redacted]';

const secretName = /pass|secret|token|credential|private|api_?key|authorization/i;

/** An input as logs and audit may have it. */
export function redact(action: ActionDdl, input: unknown): Record<string, unknown> {
  if (!isHash(input)) return {};
  return Object.fromEntries(
    Object.entries(input).map(([name, value]) => [name, isSecret(action, name) ? redacted : value]),
  );
}

// A value under an undeclared name may be a secret whose name was mistyped.
function isSecret(action: ActionDdl, name: string): boolean {
  const declared = Object.hasOwn(action.input, name) ? action.input[name] : undefined;
  if (declared) return declared.secret === true;
  return action.additional_inputs !== true || secretName.test(name);
}
