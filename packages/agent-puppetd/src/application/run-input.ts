import type { ActionOf, CallInputOf, DataOf } from '@troupe/core';
import type ddl from '@troupe/ddl/puppetd.json';

type Runonce = ActionOf<typeof ddl, 'runonce'>;

/** What a run is asked to do: the inputs of the action `runonce`, but that it is always waited for. */
export type RunInput = Omit<CallInputOf<Runonce>, 'foreground' | 'quiet'>;

/** What a node replies to `runonce`. */
export type RunData = DataOf<Runonce>;
