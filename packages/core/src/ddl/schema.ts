import agentSchema from '@troupe/ddl/schema/agent.json' with { type: 'json' };
import dataSchema from '@troupe/ddl/schema/data.json' with { type: 'json' };
import type { ErrorObject, ValidateFunction } from 'ajv';
import { madeBefore, newAjv, type SchemaHost } from '../schema.js';
import { pointerSteps } from './pointer.js';
import { isHash } from './value.js';

/** The JSON Schemas of the DDLs of agents and of data plugins, for editors and other programs too. */
export const ddlSchemas: Readonly<Record<'agent' | 'data', Readonly<Record<string, unknown>>>> = {
  agent: agentSchema,
  data: dataSchema,
};

/** What the two refer to: each other. */
export const ddlHost: SchemaHost = { schemas: { 'agent.json': agentSchema, 'data.json': dataSchema } };

const most = 5;
// no peer fills this: it holds schemas of this program
const validators = new Map<string, ValidateFunction>();

/** What is wrong with the shape of a DDL, each fault with its place; empty when nothing is. */
export function shapeFaults(kind: 'agent' | 'data', ddl: unknown): string[] {
  const validate = validators.get(kind) ?? validatorOf(kind);
  if (validate(ddl)) return [];
  const faults = (validate.errors ?? [])
    .filter(({ keyword }) => !['if', 'propertyNames', 'anyOf'].includes(keyword))
    .map((error) => `${placeOf(ddl, error.instancePath)}${reasonOf(error)}`);
  return faults.length > most ? [...faults.slice(0, most), `and ${faults.length - most} more`] : faults;
}

function validatorOf(kind: 'agent' | 'data'): ValidateFunction {
  const schema = ddlSchemas[kind];
  const validate = madeBefore('ddl', schema, ddlHost) ?? newAjv('ddl', ddlHost).compile(schema);
  validators.set(kind, validate);
  return validate;
}

function reasonOf({ keyword, message, params, propertyName }: ErrorObject): string {
  if (keyword === 'required') return `${params.missingProperty} is missing`;
  if (keyword === 'enum') return `must be one of ${params.allowedValues.join(', ')}`;
  const what = propertyName === undefined ? '' : `the name "${propertyName.slice(0, 80)}" `;
  return `${what}${message ?? 'is not valid'}`;
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
