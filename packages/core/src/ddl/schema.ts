import agentSchema from '@troupe/ddl/schema/agent.json' with { type: 'json' };
import dataSchema from '@troupe/ddl/schema/data.json' with { type: 'json' };
import type { Ajv, ErrorObject } from 'ajv';
import { commonJs, ownSchema } from '../commonjs.js';
import { pointerSteps } from './pointer.js';
import { isHash } from './value.js';

/** The JSON Schemas of the DDLs of agents and of data plugins, for editors and other programs too. */
export const ddlSchemas: Readonly<Record<'agent' | 'data', Readonly<Record<string, unknown>>>> = {
  agent: agentSchema,
  data: dataSchema,
};

const most = 5;
let ajv: Ajv | undefined;

/** What is wrong with the shape of a DDL, each fault with its place; empty when nothing is. */
export function shapeFaults(kind: 'agent' | 'data', ddl: unknown): string[] {
  // Making this takes time that a client which needs no DDL does not have.
  ajv ??= newAjv();
  if (ajv.validate(`${kind}.json`, ddl)) return [];
  const faults = (ajv.errors ?? [])
    .filter(({ keyword }) => !['if', 'propertyNames', 'anyOf'].includes(keyword))
    .map((error) => `${placeOf(ddl, error.instancePath)}${reasonOf(error)}`);
  return faults.length > most ? [...faults.slice(0, most), `and ${faults.length - most} more`] : faults;
}

function newAjv(): Ajv {
  const { Ajv } = commonJs.ajv();
  return new Ajv({ ...ownSchema, allErrors: true, strictTypes: false })
    .addSchema(agentSchema, 'agent.json')
    .addSchema(dataSchema, 'data.json');
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
