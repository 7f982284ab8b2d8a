import type { ValidateFunction } from 'ajv';

/** For the host of their schemas, as `SchemaHost` of schema.ts is. */
type Make = (host: object) => Readonly<Record<string, ValidateFunction>>;

/**
 * What was made of schemas before this program ran, by use, and in it by the name that `schemaKey` gives to each: nothing. The build of a
 * release puts a module in the place of this one that has what ajv makes of all schemas of ours.
 */
const madeSchemas: Readonly<Record<string, Make>> = {};

// @ts-expect-error: the one thing here that is more than types, which `erasableSyntaxOnly` does not know.
export = madeSchemas;
