import { type CompiledAction, type Ddl, messageOf } from '@troupe/core';
import type { OwnRequest } from '../connection/outgoing.js';
import { compiledDdl } from '../ddl/compiled-ddl.js';
import { ddlDifferences } from '../ddl/ddl-difference.js';

/** DDLs of nodes, besides that of the call, under which one call asks. */
export const mostOtherDdls = 3;

/** A DDL of nodes that is not the one of the call. */
export interface OtherDdl {
  readonly agent: string;
  readonly action: string;
  /** The DDL of the call, and that of the nodes. */
  readonly here: Ddl;
  readonly there: Ddl;
  /** In what they differ for this action; none where only texts do. */
  readonly differences: readonly string[];
  /** Whether the action changes hosts there, and does not under the DDL of the call. */
  readonly isNewlyMutating: boolean;
  /** The nodes that have it, as far as is known. */
  readonly nodes: readonly string[];
}

/** Says whether nodes with another DDL are called, before any input is sent to them. */
export type AcceptDdl = (other: OtherDdl) => boolean | Promise<boolean>;

/** What a request is made of under one DDL. */
export type Made = Pick<OwnRequest, 'ddl' | 'input' | 'secretInputs'>;

export interface DdlVariantsParts {
  readonly ddl: Ddl;
  readonly action: string;
  /** As the caller gave it, without defaults. */
  readonly input: Readonly<Record<string, unknown>>;
  /** Whether the DDL of the call is what a node said. */
  readonly isFromNode: boolean;
  /** The DDL of that hash, which this node says to have. Throws what keeps it from being had. */
  readonly fetch: (identity: string, hash: string) => Promise<Ddl>;
  readonly accept: AcceptDdl | undefined;
}

type Variant = { readonly made: Made } | { readonly refusal: string };

/** The requests that a call makes of one input: one for each DDL that its nodes turn out to have. */
export class DdlVariants {
  /** Under the DDL of the call. */
  readonly first: Made;
  readonly #parts: DdlVariantsParts;
  // bound: DDLs of nodes under which one call asks | nodes that were called | {mostOtherDdls}, until the call ends |
  // 1 MiB each | a node with another DDL ends as `ddl-mismatch`
  readonly #byHash = new Map<string, Promise<Variant>>();
  // no peer fills this: it holds the DDLs of the first map
  readonly #others = new Map<string, Omit<OtherDdl, 'nodes'> & { readonly nodes: Set<string> }>();

  /** Throws INPUT_INVALID where the DDL of the call does not allow the input. */
  constructor(parts: DdlVariantsParts, first: Made) {
    this.#parts = parts;
    this.first = first;
  }

  /** Whether the DDL is what another node said, so that each node must state it before it gets the input. */
  get isFromNode(): boolean {
    return this.#parts.isFromNode;
  }

  get hasSecrets(): boolean {
    return (this.first.secretInputs?.length ?? 0) > 0;
  }

  /** The DDLs that nodes have instead, with the nodes. */
  get others(): readonly OtherDdl[] {
    return [...this.#others.values()].map((other) => ({ ...other, nodes: [...other.nodes] }));
  }

  /** The request for a node that says to have the DDL of this hash, or why there is none. */
  async of(identity: string, hash: string): Promise<Variant> {
    if (hash === this.first.ddl) return { made: this.first };
    let variant = this.#byHash.get(hash);
    if (!variant) {
      if (this.#byHash.size >= mostOtherDdls)
        return {
          refusal: `its DDL is not the one of this call, nor one of ${mostOtherDdls} others that were used`,
        };
      variant = this.#make(identity, hash);
      this.#byHash.set(hash, variant);
    }
    const made = await variant;
    this.#others.get(hash)?.nodes.add(identity);
    return made;
  }

  async #make(identity: string, hash: string): Promise<Variant> {
    const { ddl: here, action: name, input, accept, fetch } = this.#parts;
    const agent = here.metadata.name;
    let there: Ddl;
    try {
      there = await fetch(identity, hash);
    } catch (error) {
      // Another node may give it.
      this.#byHash.delete(hash);
      return { refusal: `its DDL is another one, which could not be fetched: ${messageOf(error)}` };
    }
    const action = compiledDdl(there).action(name);
    const differences = ddlDifferences(here, there, name);
    const isNewlyMutating = action ? action.isMutating(input) && !this.#isMutatingHere() : false;
    const other = { agent, action: name, here, there, differences, isNewlyMutating };
    this.#others.set(hash, { ...other, nodes: new Set() });
    const where = `its DDL of "${agent}" is version ${there.metadata.version}`;
    if (!action) return { refusal: `${where}, which has no action "${name}"` };
    const made = madeOf(action, hash, input);
    if ('fault' in made) return { refusal: `${where}, which does not allow the input: ${made.fault}` };
    const isAccepted = accept ? await accept({ ...other, nodes: [identity] }) : !isNewlyMutating;
    if (isAccepted) return { made };
    const why = isNewlyMutating
      ? ': under it the action can change the host, and this was not confirmed'
      : '';
    return { refusal: `${where}${why}` };
  }

  #isMutatingHere(): boolean {
    const { ddl, action, input } = this.#parts;
    return compiledDdl(ddl).action(action)?.isMutating(input) ?? true;
  }
}

/** What a request is made of under a DDL, or why it cannot be. */
export function madeOf(
  action: CompiledAction,
  hash: string,
  given: Readonly<Record<string, unknown>>,
): Made | { readonly fault: string } {
  const input = action.withDefaults(given);
  const fault = action.checkInput(input);
  if (fault) return { fault: fault.message };
  const secretInputs = action.secretInputs.filter((name) => Object.hasOwn(input, name));
  return { ddl: hash, input, ...(secretInputs.length > 0 && { secretInputs }) };
}
