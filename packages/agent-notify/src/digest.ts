/** Ids that are read of one digest. */
const most = 1000;

/** The ids of the messages in the `groups` of a digest; none if the fields are not those of a digest. */
export function coveredBy({ groups }: Readonly<Record<string, unknown>>): readonly string[] {
  const messages = listOf(groups).flatMap((group) => listOf(valueAt(group, 'messages')));
  const ids = messages.map((message) => valueAt(message, 'id'));
  return ids
    .filter((id): id is string => typeof id === 'string' && /^[\w.-]{1,100}$/.test(id))
    .slice(0, most);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function valueAt(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
