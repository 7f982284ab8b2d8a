import schema from '@troupe/ddl/schema/agent.json' with { type: 'json' };
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { Ddl } from './ddl.js';
import { pointerSteps } from './pointer.js';
import { isHash } from './value.js';

/** The JSON Schema of a DDL, for editors and other programs too. */
export const ddlSchema: Readonly<Record<string, unknown>> = schema;

const most = 5;
let check: ValidateFunction<Ddl> | undefined;

/** What is wrong with the shape of a DDL, each fault with its place; empty when nothing is. */
export function shapeFaults(ddl: unknown): string[] {
  check ??= new Ajv({ allErrors: true, strictTypes: false, strictRequired: false }).compile<Ddl>(schema);
  if (check(ddl)) return [];
  const faults = (check.errors ?? [])
    .filter(({ keyword }) => keyword !== 'if' && keyword !== 'propertyNames')
    .map((error) => `${placeOf(ddl, error.instancePath)}${reasonOf(error)}`);
  return faults.length > most ? [...faults.slice(0, most), `and ${faults.length - most} more`] : faults;
}

function reasonOf({ keyword, message, params, propertyName }: ErrorObject): string {
  if (keyword === 'required') return `${params.missingProperty} is missing`;
  if (keyword === 'enum') return `must be one of ${params.allowedValues.join(', ')}`;
  const what = propertyName === undefined ? '' : `the name "${propertyName.slice(0, 80)}" `;
  return `${what}${message ?? 'is wrong'}`;
}

// Array items are named by their action, so that the author finds them: actions[2] (sign).input.certname
function placeOf(ddl: unknown, pointer: string): string {
  let place = '';
  let value = ddl;
  for (const step of pointerSteps(pointer)) {
    if (Array.isArray(value)) {
      value = value[Number(step)];
      place += `[${step}]${isHash(value) && typeof value.action === 'string' ? ` (${value.action})` : ''}`;
    } else {
      value = isHash(value) ? value[step] : undefined;
      place += `${place && '.'}${step}`;
    }
  }
  return place && `${place}: `;
}
