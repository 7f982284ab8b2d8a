import { isLargeInteger } from '../exact-numbers.js';
import type { ActionDdl, DdlType, OutputDdl } from './ddl.js';
import { canonicalJson } from './hash.js';
import { isHash, kindOf } from './value.js';

/** An output with every declared output present: what was left out has its default, or null. */
export function withOutputDefaults(
  action: ActionDdl,
  output: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const complete = { ...output };
  for (const [name, declared] of Object.entries(action.output)) {
    if (Object.hasOwn(complete, name) && complete[name] !== undefined) continue;
    complete[name] = structuredClone(declared.default ?? null);
  }
  return complete;
}

/** Where an output differs from what the action declares, in one line, or nothing. */
export function outputFault(action: ActionDdl, output: unknown): string | undefined {
  if (!isHash(output)) return `the output must be a hash, not ${kindOf(output)}`;
  const faults = Object.entries(output).flatMap(([name, value]) => {
    const declared = Object.hasOwn(action.output, name) ? action.output[name] : undefined;
    if (declared)
      return isAsDeclared(declared, value) ? [] : [`${name} must be ${declared.type}, not ${kindOf(value)}`];
    return isOpen(action) ? [] : [`${name} is not declared`];
  });
  return faults.length > 0 ? `output ${faults.slice(0, 5).join('; ')}` : undefined;
}

// Such as rpcutil's get_data, whose outputs are those of the data plugin.
function isOpen(action: ActionDdl): boolean {
  return Object.keys(action.output).length === 0;
}

// DDLs that Choria ships have defaults of another type than the output's, such as "Unknown" for an integer.
function isAsDeclared({ type, default: fallback }: OutputDdl, value: unknown): boolean {
  if (type === undefined || value === null || value === undefined) return true;
  return (
    isOfType(type, value) || (fallback !== undefined && canonicalJson(value) === canonicalJson(fallback))
  );
}

function isOfType(type: DdlType, value: unknown): boolean {
  switch (type) {
    case 'integer':
      return Number.isInteger(value) || isLargeInteger(value);
    case 'float':
    case 'number':
      return Number.isFinite(value) || isLargeInteger(value);
    case 'array':
    case 'Array':
      return Array.isArray(value);
    case 'hash':
    case 'Hash':
      return isHash(value);
    case 'boolean':
      return typeof value === 'boolean';
    default:
      return typeof value === 'string';
  }
}
