import type { ActionDdl, InputDdl } from './ddl.js';
import { isValidatorName } from './validator.js';

/**
 * An action's inputs as a JSON Schema (draft-07), which any validator understands. Named validators are
 * formats; defaults are annotations, because only a client applies them.
 */
export function inputSchema(action: ActionDdl): Record<string, unknown> {
  const inputs = Object.entries(action.input);
  return {
    type: 'object',
    properties: Object.fromEntries(inputs.map(([name, input]) => [name, valueSchema(input)])),
    required: inputs.filter(([, { optional }]) => optional !== true).map(([name]) => name),
    additionalProperties: action.additional_inputs === true,
  };
}

function valueSchema(input: InputDdl): Record<string, unknown> {
  const annotations = {
    title: input.prompt,
    description: input.description,
    ...(input.default === undefined || input.default === null ? {} : { default: input.default }),
  };
  return { ...annotations, ...constraints(input) };
}

function constraints({ type, validation, maxlength, list }: InputDdl): Record<string, unknown> {
  switch (type) {
    case 'string':
      return {
        type: 'string',
        ...(maxlength === undefined || maxlength === 0 ? {} : { maxLength: maxlength }),
        ...validationSchema(validation ?? ''),
      };
    case 'list':
      // JSON Schema has no empty enum.
      return list && list.length > 0 ? { enum: [...list] } : { not: {} };
    case 'Array':
    case 'array':
      return { type: 'array' };
    case 'Hash':
    case 'hash':
      return { type: 'object' };
    // JSON writes 1.0 as 1, so an integer is a float as well.
    case 'float':
      return { type: 'number' };
    default:
      return { type };
  }
}

function validationSchema(validation: string): Record<string, unknown> {
  if (isValidatorName(validation)) return { format: validation };
  if (validation === '' || validation === '.*') return {};
  // Choria's DDLs write "." or ".+" for "something", and mean texts of several lines too.
  if (validation === '.' || validation === '.+') return { minLength: 1 };
  return { pattern: wholePattern(validation) };
}

/**
 * Makes a regular expression cover the whole value. One whose author anchored a single end keeps the other
 * end open, as in Choria's `^-----BEGIN CERTIFICATE-----`.
 */
export function wholePattern(validation: string): string {
  const { start, end } = anchors(validation);
  return `${start || !end ? '^' : ''}(?:${validation})${end || !start ? '$' : ''}`;
}

/** Which ends of the value a regular expression names itself. */
export function anchors(validation: string): { readonly start: boolean; readonly end: boolean } {
  const backslashes = /(\\*)\$$/.exec(validation)?.[1]?.length;
  return {
    start: /^(?:\(\?[a-zA-Z]+\))?(?:\^|\\A)/.test(validation),
    end: (backslashes !== undefined && backslashes % 2 === 0) || /(?<!\\)(?:\\\\)*\\z$/.test(validation),
  };
}
