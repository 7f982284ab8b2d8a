import type { Client } from '@troupe/client';

/** What became of a call: each node with its state, its words and its data. */
export async function called(call: ReturnType<Client['call']>): Promise<string> {
  const results = [...(await call.all())].sort((a, b) => (a.sender < b.sender ? -1 : 1));
  return results
    .map(({ sender, state, statusmsg, data }) => `${sender} ${state} ${statusmsg} ${JSON.stringify(data)}`)
    .join(' | ');
}
