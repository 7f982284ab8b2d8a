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
  /** Troupe's addition: the value travels encrypted, and never reaches a log or the audit. */
  readonly secret?: boolean;
}

/** What a DDL says of one output. */
export interface OutputDdl {
  readonly description: string;
  readonly display_as: string;
  readonly type?: DdlType;
  readonly default?: unknown;
  /** Troupe's addition: the value travels encrypted. */
  readonly secret?: boolean;
}

/** A summary over the replies of a call: `args` are the output's name and, at will, a hash with `format`. */
export interface AggregateDdl {
  readonly function: string;
  readonly args?: readonly unknown[];
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
  /** Troupe's addition: the boolean input with which the action only says what it would change. */
  readonly dry_run?: string;
  /** Troupe's addition: whether inputs that are not declared reach the action, which checks them itself. */
  readonly additional_inputs?: boolean;
  /** Troupe's addition: whether the action reports progress. An external agent gets a channel for it only then. */
  readonly progress?: boolean;
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

type DefaultKeys<I> = {
  [K in keyof I]: I[K] extends { readonly default: infer V } ? (V extends null ? never : K) : never;
}[keyof I];

type Inputs<I, Omittable extends keyof I> = { [K in Exclude<keyof I, Omittable>]: ValueOf<I[K]> } & {
  [K in Omittable]?: ValueOf<I[K]>;
};

type MoreInputs<A> = A extends { readonly additional_inputs: true } ? Record<string, unknown> : unknown;

/** The inputs of an action as its handler gets them, inferred from the JSON. */
export type InputOf<A extends ActionDdl> = Simplify<
  Inputs<A['input'], OptionalKeys<A['input']>> & MoreInputs<A>
>;

/** The inputs of an action as a caller gives them: what is required but has a default may be left out. */
export type CallInputOf<A extends ActionDdl> = Simplify<
  Inputs<A['input'], OptionalKeys<A['input']> | DefaultKeys<A['input']>> & MoreInputs<A>
>;

/** The outputs of an action as a handler returns them: what is left out has the DDL's default, or null. */
export type OutputOf<A extends ActionDdl> = { [K in keyof A['output']]?: ValueOf<A['output'][K]> | null };

/** The outputs of an action as a client receives them. */
export type DataOf<A extends ActionDdl> = { [K in keyof A['output']]: ValueOf<A['output'][K]> | null };
