import type { Topics } from '../transport/topics.js';

/** What one account of a broker may do, as MQTT filters. */
export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** What the protocol needs of a node in its collectives, and no more. `name` may be a broker's placeholder such as `%u`. */
export function nodePermissions(topics: Topics, collectives: readonly string[], name: string): Permissions {
  return {
    publish: collectives.flatMap((collective) => [
      below(topics.presence(collective, 'x'), name),
      below(topics.event(collective, 'x'), name),
      below(topics.reply(collective, 'x', 'x', 'x'), name, '+', '+'),
    ]),
    subscribe: collectives.flatMap((collective) => [
      below(topics.agent(collective, 'x'), '+'),
      below(topics.node(collective, 'x'), name),
      // In which it recognizes another machine with its name.
      ...(name === '+' ? [] : [below(topics.presence(collective, 'x'), name)]),
      below(topics.file(collective, 'x', anyId, 0), '+', '+', '+'),
    ]),
  };
}

/**
 * What the protocol needs of the account that new machines share, and no more. It is one account for machines of any
 * name, so that a broker cannot tell under whose name one of them publishes or receives.
 */
export function newcomerPermissions(topics: Topics, collective: string): Permissions {
  return nodePermissions(topics, [collective], '+');
}

/** What the protocol needs of a caller, and no more. */
export function callerPermissions(topics: Topics, collectives: readonly string[], name: string): Permissions {
  return {
    publish: collectives.flatMap((collective) => [
      below(topics.agent(collective, 'x'), '+'),
      below(topics.node(collective, 'x'), '+'),
      below(topics.event(collective, 'x'), name),
      // To remove the record of a node that no longer exists.
      below(topics.presence(collective, 'x'), '+'),
      below(topics.file(collective, 'x', anyId, 0), '+', name, '+'),
    ]),
    subscribe: collectives.flatMap((collective) => [
      below(topics.reply(collective, 'x', 'x', 'x'), '#', name),
      below(topics.presence(collective, 'x'), '#'),
      below(topics.event(collective, 'x'), '#'),
    ]),
  };
}

const anyId = '0'.repeat(32);

// The topic, its last levels replaced by those of a filter: `last`, after `before`. "#" stands for all that follow.
function below(topic: string, last: string, ...before: readonly string[]): string {
  const levels = topic.split('/');
  const kind = levels.slice(0, 3);
  return [...kind, ...before, last].join('/');
}
