import type { ActionDdl, Ddl } from './ddl.js';
import { anchors } from './input-schema.js';
import { nearest } from './suggestion.js';
import { isValidatorName } from './validator.js';

const actionKeys = [
  'action',
  'description',
  'display',
  'input',
  'output',
  'aggregate',
  'timeout',
  'mutating',
  'dry_run',
  'additional_inputs',
  'progress',
];
const inputKeys = [
  'prompt',
  'description',
  'type',
  'optional',
  'default',
  'validation',
  'maxlength',
  'list',
  'secret',
];

/** What is allowed in a DDL and yet likely to be a mistake, one line each, for the DDL's author. */
export function lintDdl(ddl: Ddl): string[] {
  return ddl.actions.flatMap((action) =>
    [...keyWarnings(action, actionKeys), ...inputWarnings(action), ...aggregateWarnings(action)].map(
      (warning) => `action ${action.action}: ${warning}`,
    ),
  );
}

// Unknown keys are let through for DDLs of tomorrow; a mistyped "secret" would be a leak.
function keyWarnings(object: object, known: readonly string[]): string[] {
  return Object.keys(object)
    .filter((key) => !known.includes(key))
    .map((key) => [key, nearest(key, known)] as const)
    .map(([key, near]) => `unknown key "${key}"${near ? ` (did you mean "${near}"?)` : ''}`);
}

function inputWarnings(action: ActionDdl): string[] {
  return Object.entries(action.input).flatMap(([name, input]) => {
    const warnings = keyWarnings(input, inputKeys);
    if (input.type === 'string') {
      const { validation, maxlength } = input;
      const { start, end } = anchors(validation ?? '');
      if (validation === undefined) warnings.push('has no validation, so any text is accepted');
      else if (!isValidatorName(validation) && start !== end) {
        warnings.push(
          `validation ${validation} is not anchored at the ${start ? 'end' : 'start'} of the value`,
        );
      }
      if (maxlength === undefined) warnings.push('has no maxlength, so its length is not limited');
      if (maxlength === 0) warnings.push('maxlength 0 means no limit');
    }
    if (input.optional === true && input.default !== undefined && input.default !== null) {
      warnings.push('is optional, so its default is never sent');
    }
    return warnings.map((warning) => `input ${name}: ${warning}`);
  });
}

function aggregateWarnings({ aggregate = [], output }: ActionDdl): string[] {
  return aggregate
    .filter(({ args }) => typeof args?.[0] !== 'string' || !Object.hasOwn(output, args[0]))
    .map((item) => `aggregate ${item.function} does not name a declared output`);
}
