import type { ValidateFunction } from 'ajv';
import type { SchemaHost, SchemaUse } from './schema.js';

type Made = Readonly<Record<string, ValidateFunction>>;

/**
 * What was made of schemas before this program ran, by the name that `schemaKey` gives to each: nothing. The build of a
 * release puts a module in the place of this one that has what ajv makes of all schemas of ours.
 */
const madeSchemas: Readonly<Partial<Record<SchemaUse, (host: SchemaHost) => Made>>> = {};

// @ts-expect-error: the one thing here that is more than types, which `erasableSyntaxOnly` does not know.
export = madeSchemas;
