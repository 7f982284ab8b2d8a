import type { TimeOptions } from '../command-line/options.js';
import { ExitCode } from '../exit.js';
import { discoveryStatistics } from '../output/json-replies.js';
import { nameList } from '../output/naming.js';
import { counted } from '../output/wording.js';
import { targetsOf, timesOf } from './call-options.js';
import type { Found } from './selection.js';
import type { Setting } from './setting.js';
import type { Work } from './work.js';

/** Sends a request without waiting for replies, and prints its id. */
export async function sendOnly(
  { screen, client, collective, filter, interruption }: Setting,
  { ddl, action, given }: Work,
  found: Found,
  options: TimeOptions & { readonly replyTo?: string },
): Promise<ExitCode> {
  const { replyTo } = options;
  const { id, targets } = await client.send(ddl, action.name, given, {
    collective,
    ...targetsOf(found, filter),
    ...timesOf(options),
    ...(replyTo === undefined ? {} : { replyTo }),
    signal: interruption.signal,
  });
  const left = found.nodes.filter((name) => !targets.includes(name));
  if (left.length > 0) {
    const reason = 'their DDL of the agent does not allow it, or they did not say which one they have';
    screen.warn(`mco: not sent to ${nameList(left, screen.isVerbose)}: ${reason}`);
  }
  if (screen.json) {
    screen.json.event('request', { requestid: id });
    for (const sender of targets) screen.json.result({ sender });
    const statistics = { requestid: id, asked: targets.length, ...discoveryStatistics(found) };
    const own = { agent: ddl.metadata.name, action: action.name, reply_to: replyTo ?? null };
    screen.json.summarize(statistics, own);
    return left.length > 0 ? ExitCode.failed : ExitCode.ok;
  }
  screen.print(id);
  const command = replyTo === undefined ? `mco job attach ${id}` : `mco listen ${replyTo}`;
  screen.note(`Sent to ${counted(targets.length)}. To get the replies: ${command}`);
  return left.length > 0 ? ExitCode.failed : ExitCode.ok;
}
