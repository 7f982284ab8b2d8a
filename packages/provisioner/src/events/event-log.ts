import type { Logger } from '@troupe/core';
import { wordsOf } from './event-words.js';
import type { EventListener, ProvisionEvent } from './events.js';

/** Writes every event to a log, with the node's name on each line; Puppet's output at level debug. */
export function eventLog(log: Logger): EventListener {
  return (event) => {
    const { identity, name, type, time: _, ...rest } = event;
    const node = name ?? identity;
    if (event.type === 'output') {
      for (const line of event.text.split('\n')) log.debug({ node, step: event.step }, line);
      return;
    }
    // The report repeats what was logged step by step.
    const { report: __, ...fields } = rest as typeof rest & { report?: unknown };
    log[levelOf(event)]({ node, event: type, ...fields }, wordsOf(event) ?? `${type}`);
  };
}

function levelOf(event: ProvisionEvent): 'debug' | 'info' | 'warn' | 'error' {
  if (event.type === 'quarantined') return 'error';
  if (event.type === 'step-started') return 'debug';
  if (event.type === 'step-ended')
    return event.outcome === 'ok' || event.outcome === 'skipped' ? 'info' : 'warn';
  if (
    event.type === 'replaced' ||
    event.type === 'waiting' ||
    event.type === 'stuck' ||
    (event.type === 'notified' && !event.delivered)
  )
    return 'warn';
  return 'info';
}
