import {
  type Credentials,
  type Filter,
  isEmptyFilter,
  type Logger,
  namedNodes,
  TroupeError,
} from '@troupe/core';
import { naturalOrder } from '@troupe/core/internal';
import type { Router } from '../connection/router.js';
import { judgeData } from '../ddl/data-ddls.js';
import type { PresenceView } from '../presence/presence-view.js';
import { discover } from './broadcast.js';
import type { Discovery, DiscoveryOptions } from './discovery.js';
import { groupOf } from './inventory-file.js';
import type { NodeSource } from './node-source.js';

export interface FinderParts {
  readonly router: Router;
  /** Who is online, while the records of some may still be coming. */
  readonly presence: (collective: string) => Promise<PresenceView>;
  readonly credentials: Credentials;
  /** Where the DDLs of data plugins are, beside the usual places. */
  readonly ddlDirs: readonly string[];
  readonly log: Logger;
}

/** Finds nodes in the way that the options ask for: of a source, by their names, or by asking all of them. */
export class Finder {
  readonly #parts: FinderParts;

  constructor(parts: FinderParts) {
    this.#parts = parts;
  }

  /** The nodes that match. A filter that only names nodes is not asked about. Throws FILTER_INVALID, and what a source throws. */
  async find(options: DiscoveryOptions): Promise<Discovery> {
    if (options.source) return this.#findIn(options.source, options);
    const named = namedNodes(options.filter);
    if (!named) return this.ask(options);
    await this.check(options.filter);
    return { method: 'named', nodes: named, silent: [], refused: [], offline: [], seconds: 0 };
  }

  /** Asks all nodes, named outright or not. Throws FILTER_INVALID. */
  async ask(options: DiscoveryOptions): Promise<Discovery> {
    await this.check(options.filter);
    return discover(this.#parts.router, await this.#parts.presence(options.collective), options);
  }

  /** Throws FILTER_INVALID where no node can judge a filter, before any is asked. */
  async check(filter: Filter): Promise<void> {
    await this.#judgeData(filter);
    const group = filter.identities.map(groupOf).find((name) => name !== undefined);
    if (group !== undefined)
      throw new TroupeError(
        'FILTER_INVALID',
        `"group:${group}" is a group of an inventory file, but no inventory file is given`,
      );
  }

  async #judgeData(filter: Filter): Promise<void> {
    const { faults, warnings } = await judgeData(filter, this.#parts.ddlDirs);
    if (faults.length > 0) throw new TroupeError('FILTER_INVALID', faults.join('; '));
    for (const reason of warnings) this.#parts.log.warn({ reason }, 'a filter may be wrong');
  }

  async #findIn(source: NodeSource, options: DiscoveryOptions): Promise<Discovery> {
    const start = Date.now();
    const { filter, collective, signal } = options;
    await this.#judgeData(filter);
    const { tls } = this.#parts.credentials;
    const given = { filter, collective, ...(tls && { tls }), ...(signal && { signal }) };
    const { nodes: known, rest, warnings = [] } = await source.find(given);
    for (const warning of warnings) this.#parts.log.warn(warning);
    const nodes = [...new Set(known.map(({ identity }) => identity))].sort(naturalOrder);
    const found = { method: 'named', source: source.name, rest } as const;
    // A node that lacks an agent says so when it is called.
    if (isEmptyFilter(rest) || nodes.length === 0) {
      const seconds = (Date.now() - start) / 1000;
      return { ...found, nodes, silent: [], refused: [], offline: [], seconds };
    }
    const presence = await this.#parts.presence(collective);
    const judged = await discover(this.#parts.router, presence, { ...options, filter: rest, among: nodes });
    const offline = judged.offline.filter((identity) => nodes.includes(identity));
    return { ...judged, ...found, offline, seconds: (Date.now() - start) / 1000 };
  }
}
