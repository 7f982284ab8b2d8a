export {
  type AggregateFunction,
  type AggregateReply,
  type AggregateResult,
  aggregate,
} from './aggregate.js';
export { type CompiledAction, type CompiledDdl, compileDdl } from './compile.js';
export { type CompiledData, compileDataDdl, type DataDdl, dataFaults } from './data.js';
export type {
  ActionDdl,
  ActionNames,
  ActionOf,
  AggregateDdl,
  CallInputOf,
  DataOf,
  Ddl,
  DdlType,
  InputDdl,
  InputOf,
  Metadata,
  OutputDdl,
  OutputOf,
} from './ddl.js';
export { canonicalJson, ddlHash } from './hash.js';
export { inputSchema } from './input-schema.js';
export { lintDdl } from './lint.js';
export { findDdl, listDdls, parseDataDdl, parseDdl } from './load.js';
export type { InputFault } from './problem.js';
export { ddlSchemas } from './schema.js';
export { nearest, suggestion } from './suggestion.js';
export { builtInValidators, type Validator } from './validator.js';
export type { CompileOptions } from './validator-choice.js';
