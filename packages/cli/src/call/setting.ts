import type { Client } from '@troupe/client';
import type { Filter } from '@troupe/core';
import type { DiscoveryOptions, TimeOptions, VolumeOptions } from '../command-line/options.js';
import type { Presenter } from '../output/presenter.js';
import type { Screen } from '../terminal/screen.js';
import type { Interruption } from './interruption.js';

/** Where a command finds its nodes, and how it shows what becomes of them. */
export interface Setting {
  readonly screen: Screen;
  readonly client: Client;
  readonly collective: string;
  readonly filter: Filter;
  readonly presenter: Presenter;
  readonly interruption: Interruption;
  readonly options: DiscoveryOptions &
    VolumeOptions &
    TimeOptions & { readonly progress: boolean; readonly stream?: true; readonly yes?: true };
}
