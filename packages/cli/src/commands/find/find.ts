import { sourceOf } from '../../call/discovery-method.js';
import { reportNoNodes } from '../../call/no-nodes.js';
import { noteUnknownReach, remember } from '../../call/reach.js';
import { picked, selectionOf } from '../../call/selection.js';
import { withClient } from '../../call/with-client.js';
import type {
  DiscoveryOptions,
  FilterOptions,
  GlobalOptions,
  LimitOptions,
} from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import { readClientConfig } from '../../config/client-config.js';
import { ExitCode } from '../../exit.js';
import { limitWords } from '../../output/footer.js';
import { discoveryStatistics } from '../../output/json-replies.js';
import { presenceNotes, reachNotes, refusalNotes } from '../../output/presence.js';
import { counted, span } from '../../output/wording.js';

/** The options of mco find. */
export type FindOptions = GlobalOptions &
  FilterOptions &
  DiscoveryOptions &
  LimitOptions & { readonly json?: true };

/** Prints the names of all nodes that match. */
export async function find({ screen }: Shell, options: FindOptions): Promise<ExitCode> {
  const config = readClientConfig(options);
  const filter = await selectionOf(options);
  return withClient(screen, config, async (client) => {
    const collective = options.target ?? client.mainCollective;
    // Names are checked too: a name that no node has is not printed, unless a source lists it.
    const source = await sourceOf(options, client);
    const wanted = {
      filter: client.filter(filter),
      collective,
      ...(options.discoveryTimeout === undefined ? {} : { window: options.discoveryTimeout }),
      ...(options.one ? { most: 1 } : {}),
    };
    const discovery = await (source ? client.discover({ ...wanted, source }) : client.ping(wanted));
    noteUnknownReach(screen, client, collective, discovery);
    if (!options.one) remember(client, collective, filter, discovery);
    const found = picked(discovery, options);
    if (screen.json) {
      for (const sender of found.nodes) screen.json.result({ sender });
      screen.json.summarize(discoveryStatistics(found));
    } else for (const node of found.nodes) screen.print(node);
    refusalNotes(screen, found);
    if (found.nodes.length === 0) await reportNoNodes(screen, client, collective, { filter });
    if (screen.isVerbose)
      screen.note(
        `\nFound ${counted(discovery.nodes.length)} in ${span(found.seconds)} (discovery method ${source?.name ?? 'broadcast'})`,
      );
    if (found.before !== undefined) screen.note(limitWords(found));
    const { silent, unreachable = [] } = found;
    if (screen.isVerbose || silent.length > 0) presenceNotes(screen, found, filter);
    reachNotes(screen, unreachable, filter);
    if (found.nodes.length === 0) return ExitCode.error;
    return silent.length + unreachable.length > 0 ? ExitCode.partialSilence : ExitCode.ok;
  });
}
