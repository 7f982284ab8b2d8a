/** The types that an input or output of a DDL may have (Choria's agent DDL v1). */
export type DdlType =
  | 'string'
  | 'list'
  | 'boolean'
  | 'integer'
  | 'float'
  | 'number'
  | 'array'
  | 'hash'
  | 'Array'
  | 'Hash';

/** What a DDL says of one input. */
export interface InputDdl {
  readonly prompt: string;
  readonly description: string;
  readonly type: DdlType;
  readonly optional?: boolean;
  readonly default?: unknown;
  readonly validation?: string;
  /** Characters; 0 is no limit. */
  readonly maxlength?: number;
  readonly list?: readonly string[];
  /** Troupe's addition: the value never reaches a log, the audit or a reply. */
  readonly secret?: boolean;
}

/** What a DDL says of one output. */
export interface OutputDdl {
  readonly description: string;
  readonly display_as: string;
  readonly type?: DdlType;
  readonly default?: unknown;
}

export interface AggregateDdl {
  readonly function: string;
  readonly args: readonly unknown[];
}

/** What a DDL says of one action. */
export interface ActionDdl {
  readonly action: string;
  readonly description: string;
  readonly display?: 'ok' | 'failed' | 'always';
  readonly input: Readonly<Record<string, InputDdl>>;
  readonly output: Readonly<Record<string, OutputDdl>>;
  readonly aggregate?: readonly AggregateDdl[];
  /** Troupe's addition: seconds that this action may take; the agent's `metadata.timeout` otherwise. */
  readonly timeout?: number;
  /** Troupe's addition: whether the action changes the host. Unknown counts as yes. */
  readonly mutating?: boolean;
}

export interface Metadata {
  readonly name: string;
  readonly description: string;
  readonly author: string;
  readonly license: string;
  readonly version: string;
  readonly url: string;
  /** Seconds. */
  readonly timeout: number;
  readonly provider?: string;
  readonly service?: boolean;
}

/** An agent's interface: Choria's agent DDL v1, with Troupe's optional keys. */
export interface Ddl {
  readonly $schema?: string;
  readonly metadata: Metadata;
  readonly actions: readonly ActionDdl[];
}

type ValueOf<I> = I extends { readonly type: 'list'; readonly list: readonly (infer L)[] }
  ? L
  : I extends { readonly type: infer T }
    ? T extends 'string' | 'list'
      ? string
      : T extends 'boolean'
        ? boolean
        : T extends 'integer' | 'float' | 'number'
          ? number
          : T extends 'array' | 'Array'
            ? unknown[]
            : T extends 'hash' | 'Hash'
              ? Record<string, unknown>
              : unknown
    : unknown;

type OptionalKeys<I> = { [K in keyof I]: I[K] extends { readonly optional: true } ? K : never }[keyof I];

type Simplify<T> = { [K in keyof T]: T[K] };

/** The names of a DDL's actions. */
export type ActionNames<D extends Ddl> = D['actions'][number]['action'];

/** One action of a DDL. */
export type ActionOf<D extends Ddl, N extends ActionNames<D>> = Extract<D['actions'][number], { action: N }>;

/** The inputs of an action as a TypeScript type, inferred from the JSON. */
export type InputOf<A extends ActionDdl> = Simplify<
  { [K in Exclude<keyof A['input'], OptionalKeys<A['input']>>]: ValueOf<A['input'][K]> } & {
    [K in OptionalKeys<A['input']>]?: ValueOf<A['input'][K]>;
  }
>;

/** The outputs of an action as a handler returns them: what is left out has the DDL's default, or null. */
export type OutputOf<A extends ActionDdl> = { [K in keyof A['output']]?: ValueOf<A['output'][K]> | null };

/** The outputs of an action as a client receives them. */
export type DataOf<A extends ActionDdl> = { [K in keyof A['output']]: ValueOf<A['output'][K]> | null };
