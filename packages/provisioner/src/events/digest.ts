import { oneLine } from '@troupe/core/internal';
import { eventId, type Notification } from './notification.js';

/** Characters of text, and of the JSON of the fields: a notifier takes 10,000 of each. */
const most = 9_500;
/** Characters of a reason in a digest. */
const mostReason = 400;

const hint = '"mcprovision explain NODE" shows the history of a node.';

/** Messages about the same event, for the same reason. */
interface Group {
  readonly event: string;
  readonly reason: string;
  readonly messages: readonly { readonly id: string; readonly node: string }[];
}

/** `time`: when it was reported, milliseconds since 1970. */
type DatedNotification = Notification & { readonly time: number };

/** One message that stands for several. */
export interface Digest extends Omit<Notification, 'identity'> {
  readonly messages: readonly DatedNotification[];
}

/**
 * Digests of messages, in their order: as few as have room for all, each complete in itself. The id of a digest is that
 * of its messages together, so that two provisioners give it the same.
 */
export function digestsOf(messages: readonly DatedNotification[]): readonly Digest[] {
  const digests: Digest[] = [];
  let rest = messages;
  while (rest.length > 0) {
    const count = fitting(rest);
    digests.push(digestOf(rest.slice(0, count)));
    rest = rest.slice(count);
  }
  return digests;
}

// At least one, whatever its length: the notifier says what is wrong with it.
function fitting(messages: readonly DatedNotification[]): number {
  let least = 1;
  let tooMany = messages.length + 1;
  while (least + 1 < tooMany) {
    const middle = Math.floor((least + tooMany) / 2);
    const { text, fields } = digestOf(messages.slice(0, middle));
    if (text.length <= most && JSON.stringify(fields).length <= most) least = middle;
    else tooMany = middle;
  }
  return least;
}

function digestOf(messages: readonly DatedNotification[]): Digest {
  const groups = groupsOf(messages);
  const count = messages.length;
  const ids = messages.map(({ id }) => id);
  const times = messages.map(({ time }) => time).sort((a, b) => a - b);
  const [from, to] = [times[0], times.at(-1)].map((time) => new Date(time ?? 0).toISOString());
  const summary = groups.map((group) => `${group.messages.length} ${group.event}`).join(', ');
  return {
    id: eventId('digest', ...[...ids].sort()),
    subject: oneLine(`${count} ${count === 1 ? 'event' : 'events'}: ${summary}`, 200),
    text: [...groups.map(paragraphOf), `Reported from ${from} to ${to}. ${hint}`].join('\n\n'),
    fields: { outcome: 'digest', count, from, to, groups },
    messages,
  };
}

function groupsOf(messages: readonly Notification[]): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const { id, identity: node, subject, fields } of messages) {
    const { event, reason } = briefOf(fields, subject);
    // The same reason of two nodes differs in their names at most.
    const common = oneLine(reason.replaceAll(node, 'NODE'), mostReason);
    const key = `${event}\n${common}`;
    const known = groups.get(key)?.messages ?? [];
    groups.set(key, { event, reason: common, messages: [...known, { id, node }] });
  }
  return [...groups.values()];
}

function briefOf(
  fields: Notification['fields'],
  subject: string,
): { readonly event: string; readonly reason: string } {
  const text = (key: string) => (typeof fields[key] === 'string' ? String(fields[key]) : undefined);
  const outcome = text('outcome') ?? 'other';
  if (outcome === 'done') return { event: 'provisioned', reason: `against ${text('master') ?? 'no master'}` };
  if (outcome === 'quarantined') return { event: outcome, reason: text('failure') ?? 'reason unknown' };
  const state = text('state');
  return {
    event: state === undefined ? outcome : `${outcome} (${state})`,
    reason: text('reason') ?? subject,
  };
}

function paragraphOf({ event, reason, messages }: Group): string {
  const names = messages.map(({ node }) => node).join(', ');
  return `${event}: ${reason}\n  ${names}`;
}
