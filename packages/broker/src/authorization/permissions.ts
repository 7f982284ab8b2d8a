import type { Topics } from '@troupe/core';
import { type Levels, parseFilter } from './topic-filter.js';

/** `anyone` exists on loopback without security only. */
export type Role = 'node' | 'caller' | 'enrolling' | 'anyone';

/** Who a connection belongs to, as far as the broker has proof of it. */
export interface Party {
  readonly role: Role;
  readonly name: string;
  /** Where an enrolling machine is confined to: what its token says. */
  readonly collective?: string;
}

/** What holds for the whole network. */
export interface Rules {
  readonly topics: Topics;
  /** The collective of machines without a certificate; no node is let in. */
  readonly enrolmentCollective: string;
  /** Whether a node belongs to a collective. */
  readonly isMember: (collective: string, node: string) => boolean;
}

/** Whether a client may publish or subscribe; if not, the reason for the log. */
export type Permission = { readonly allowed: true } | { readonly allowed: false; readonly reason: string };

const allowed: Permission = { allowed: true };
const denied = (reason: string): Permission => ({ allowed: false, reason });

const articles: Record<Role, string> = {
  node: 'a node',
  caller: 'a caller',
  enrolling: 'an enrolling machine',
  anyone: 'anyone',
};

/** Whether a client may publish this; a last will is judged by the same rules. */
export function mayPublish(
  party: Party,
  message: { readonly topic: string; readonly retain: boolean; readonly payload?: Uint8Array },
  rules: Rules,
): Permission {
  const levels = parseFilter(message.topic, rules.topics);
  if (!levels || levels.hasWildcard) return denied(foreign(rules));
  const { topic } = levels;
  if (message.retain && topic.kind !== 'presence') return denied('only presence messages may be retained');
  if (party.role === 'anyone') return allowed;
  if (party.role === 'caller') {
    if (topic.kind === 'agent' || topic.kind === 'node') return allowed;
    if (topic.kind === 'event' && topic.identity === party.name) return allowed;
    if (topic.kind === 'file' && topic.caller === party.name) return allowed;
    const isRemoval = topic.kind === 'presence' && message.retain && message.payload?.length === 0;
    if (isRemoval) return allowed;
    return denied(
      'a caller may publish only requests, its own events and its own files, and remove presence records',
    );
  }
  const outside = outsideOf(party, levels, rules);
  if (outside !== undefined) return denied(outside);
  const isOwn =
    (topic.kind === 'presence' || topic.kind === 'event' || topic.kind === 'reply') &&
    topic.identity === party.name;
  return isOwn
    ? allowed
    : denied(`${articles[party.role]} may publish only its own presence, events and replies`);
}

/** Whether a client may subscribe to a filter. */
export function maySubscribe(party: Party, filter: string, rules: Rules): Permission {
  // For looking on with any MQTT tool on one's own machine; the broker's own topics stay closed.
  if (party.role === 'anyone') return filter.startsWith('mco/') ? allowed : denied(foreign(rules));
  const levels = parseFilter(filter, rules.topics);
  if (!levels) return denied(foreign(rules));
  const { topic } = levels;
  if (party.role === 'caller') {
    if (topic.kind === 'presence' || topic.kind === 'event') return allowed;
    if (topic.kind === 'reply' && !levels.isWild('caller') && topic.caller === party.name) return allowed;
    return denied('a caller may subscribe only to its own replies, to presence and to events');
  }
  const outside = outsideOf(party, levels, rules);
  if (outside !== undefined) return denied(outside);
  if (topic.kind === 'agent' || topic.kind === 'file') return allowed;
  const isAboutItself = topic.kind === 'node' || topic.kind === 'presence';
  if (isAboutItself && !levels.isWild('identity') && topic.identity === party.name) return allowed;
  return denied(
    `${articles[party.role]} may subscribe only to requests to agents and to itself, to its own presence and to files`,
  );
}

function outsideOf(party: Party, levels: Levels, rules: Rules): string | undefined {
  if (levels.isWild('collective'))
    return `${articles[party.role]} must name the collective: a wildcard is not permitted`;
  const { collective } = levels.topic;
  if (party.role === 'enrolling') {
    return collective === party.collective
      ? undefined
      : `the token is valid only in the collective "${party.collective}"`;
  }
  if (collective === rules.enrolmentCollective)
    return `the collective "${collective}" is reserved for machines that enrol with a token`;
  return rules.isMember(collective, party.name)
    ? undefined
    : `"${party.name}" is not listed for the collective "${collective}" (collectives)`;
}

function foreign(rules: Rules): string {
  const isEscaped = rules.topics.event('x', 'a.b').endsWith('a%2Eb');
  return `not a topic of this network (topics.escape is ${isEscaped ? 'on' : 'off'})`;
}
