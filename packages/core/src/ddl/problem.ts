import type { ErrorObject } from 'ajv';
import { Status } from '../errors.js';
import { printable } from '../text/printable.js';
import type { ActionDdl, InputDdl } from './ddl.js';
import { pointerSteps } from './pointer.js';
import { suggestion } from './suggestion.js';
import type { Validator } from './validator.js';
import { isHash, kindOf } from './value.js';

/** Why an input is refused. */
export interface InputFault {
  /** The input's name; empty when it is the input as a whole. */
  readonly input: string;
  readonly status: typeof Status.missingData | typeof Status.invalidData;
  /** One line, without the value, which may be a secret. */
  readonly message: string;
}

/** Puts what ajv found into words. */
export function inputFault(
  action: ActionDdl,
  input: unknown,
  error: ErrorObject | undefined,
  validators: ReadonlyMap<string, Validator>,
): InputFault {
  if (!isHash(input)) {
    return {
      input: '',
      status: Status.invalidData,
      message: `Cannot validate the input: must be a hash, not ${kindOf(input)}`,
    };
  }
  if (error?.keyword === 'required') {
    const name = String(error.params.missingProperty);
    return fault(name, 'it is required', Status.missingData);
  }
  if (error?.keyword === 'additionalProperties') {
    const name = String(error.params.additionalProperty);
    const names = Object.keys(action.input);
    const known = names.length > 0 ? `its inputs are: ${names.join(', ')}` : 'the action has no inputs';
    return fault(name, `is not an input of ${action.action}${suggestion(name, names)}; ${known}`);
  }
  const name = pointerSteps(error?.instancePath ?? '')[0] ?? '';
  const declared = Object.hasOwn(action.input, name) ? action.input[name] : undefined;
  return fault(name, declared ? reason(declared, input[name], error, validators) : 'is not valid');
}

function fault(name: string, why: string, status: InputFault['status'] = Status.invalidData): InputFault {
  const shown = printable(name.length > 64 ? `${name.slice(0, 61)}...` : name);
  return { input: name, status, message: `Cannot validate input ${shown}: ${why}` };
}

function reason(
  { type, validation, maxlength, list, secret }: InputDdl,
  value: unknown,
  error: ErrorObject | undefined,
  validators: ReadonlyMap<string, Validator>,
): string {
  switch (error?.keyword) {
    case 'type':
      return `must be ${article(type)}, not ${kindOf(value)}`;
    case 'enum':
    case 'not':
      return `must be one of ${(list ?? []).join(', ') || 'an empty list'}`;
    case 'maxLength':
      return `must not be longer than ${maxlength} characters (maxlength)`;
    case 'minLength':
      return 'must not be empty';
    case 'format': {
      // What a validator says may quote the value.
      const why = secret ? undefined : validators.get(validation ?? '')?.(String(value));
      return `${why ?? 'is not valid'} (validation ${validation})`;
    }
    case 'pattern':
      return `must match ${validation} (validation)`;
    default:
      return 'is not valid';
  }
}

function article(type: string): string {
  const name = type.toLowerCase();
  return /^[aeiou]/.test(name) ? `an ${name}` : `a ${name}`;
}
