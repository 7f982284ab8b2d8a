// A JSON Schema, kept wide: nobody needs its literal types.
declare const schema: { readonly [keyword: string]: unknown };
export = schema;
