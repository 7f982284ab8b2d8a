import type { Topic, Topics } from '@troupe/core';

/** The levels of a topic or filter; where a level is a wildcard, the topic holds a placeholder. */
export interface Levels {
  readonly topic: Topic;
  readonly hasWildcard: boolean;
  isWild(level: Level): boolean;
}

export type Level = 'collective' | 'agent' | 'identity' | 'caller' | 'session' | 'id' | 'piece';

const prefix = ['mco', 'collective', 'kind'] as const;
const shapes = new Map<string, readonly (Level | (typeof prefix)[number])[]>([
  ['agent', [...prefix, 'agent']],
  ['node', [...prefix, 'identity']],
  ['presence', [...prefix, 'identity']],
  ['event', [...prefix, 'identity']],
  ['reply', [...prefix, 'caller', 'session', 'identity']],
  ['file', [...prefix, 'caller', 'id', 'piece']],
]);

const placeholder = 'x';
const placeholders = new Map<string | undefined, string>([
  ['id', '0'.repeat(32)],
  ['piece', '0'],
]);

/** Reads a topic or a filter whose kind is written out; nothing where it can match no topic of Troupe, or more than one kind. */
export function parseFilter(filter: string, topics: Topics): Levels | undefined {
  const levels = filter.split('/');
  const shape = shapes.get(levels[2] ?? '');
  if (!shape || levels.length > shape.length) return;
  if (levels.at(-1) === '#') levels.splice(-1, 1, ...shape.slice(levels.length - 1).map(() => '+'));
  const sample = levels
    .map((level, index) => (level === '+' ? (placeholders.get(shape[index]) ?? placeholder) : level))
    .join('/');
  const topic = topics.parse(sample);
  // One spelling only: with `topics.escape` a raw dot means the same name but reaches nobody.
  if (!topic || build(topic, topics) !== sample) return;
  return {
    topic,
    hasWildcard: levels.includes('+'),
    isWild: (level) => levels[shape.indexOf(level)] === '+',
  };
}

function build(topic: Topic, topics: Topics): string {
  if (topic.kind === 'agent') return topics.agent(topic.collective, topic.agent, topic.v);
  if (topic.kind === 'reply') {
    return topics.reply(topic.collective, topic.caller, topic.session, topic.identity);
  }
  if (topic.kind === 'file') return topics.file(topic.collective, topic.caller, topic.id, topic.piece);
  return topics[topic.kind](topic.collective, topic.identity);
}
