type TypeName = 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean' | 'null';

/** A JSON Schema of a configuration, with its defaults, in the words of JSON Schema that ours use. */
export type ConfigSchema = {
  readonly description?: string;
  readonly default?: unknown;
  // These make the type:
  readonly type?: TypeName | readonly TypeName[];
  readonly enum?: readonly (string | number | boolean | null)[];
  readonly properties?: { readonly [name: string]: ConfigSchema };
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | ConfigSchema;
  readonly items?: ConfigSchema;
  // These only narrow what is accepted:
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly minItems?: number;
  readonly minProperties?: number;
  readonly propertyNames?: ConfigSchema;
  readonly dependencies?: { readonly [name: string]: readonly string[] };
  readonly not?: ConfigSchema;
};

/** What a schema accepts, with its defaults filled in: a property that has a default is always present. */
export type ConfigOf<S> = S extends { readonly enum: readonly (infer Value)[] }
  ? Value
  : S extends { readonly type: infer Type }
    ? OfType<S, Type>
    : unknown;

// Conditional types distribute over unions: ['array', 'null'] becomes the one or the other.
type OfType<S, Type> = Type extends readonly (infer Each)[]
  ? OfType<S, Each>
  : Type extends 'object'
    ? ObjectOf<S>
    : Type extends 'array'
      ? readonly (S extends { readonly items: infer Item } ? ConfigOf<Item> : unknown)[]
      : Type extends keyof Scalars
        ? Scalars[Type]
        : never;

interface Scalars {
  string: string;
  number: number;
  integer: number;
  boolean: boolean;
  null: null;
}

type ObjectOf<S> = S extends { readonly properties: infer Properties }
  ? Flat<
      {
        readonly [K in keyof Properties as IsPresent<S, Properties[K], K> extends true ? K : never]: ConfigOf<
          Properties[K]
        >;
      } & {
        readonly [K in keyof Properties as IsPresent<S, Properties[K], K> extends true
          ? never
          : K]?: ConfigOf<Properties[K]>;
      }
    >
  : S extends { readonly additionalProperties: infer Values extends ConfigSchema }
    ? { readonly [name: string]: ConfigOf<Values> }
    : { readonly [name: string]: unknown };

// Names that are made (`string`) have an index signature: reading one says that it may be missing.
type IsPresent<S, Property, Name> = string extends Name
  ? true
  : Property extends { readonly default: unknown }
    ? true
    : S extends { readonly required: readonly (infer Required)[] }
      ? Name extends Required
        ? true
        : false
      : false;

// One object in messages of the compiler instead of an intersection.
type Flat<T> = T extends infer Whole ? { readonly [K in keyof Whole]: Whole[K] } : never;
