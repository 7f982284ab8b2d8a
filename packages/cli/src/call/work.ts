import { compiledDdl } from '@troupe/client';
import { type CompiledAction, type Ddl, suggestion, TroupeError } from '@troupe/core';

/** An action to run, with an input that its DDL allows. */
export interface Work {
  readonly ddl: Ddl;
  readonly action: CompiledAction;
  /** With the defaults of the DDL. */
  readonly input: Readonly<Record<string, unknown>>;
  /** As it was given: nodes with another DDL have other defaults. */
  readonly given: Readonly<Record<string, unknown>>;
}

/** The words of an action that a DDL has. Throws INPUT_INVALID for an action or an input that the DDL refuses. */
export function workOf(ddl: Ddl, actionName: string, input: Readonly<Record<string, unknown>>): Work {
  const compiled = compiledDdl(ddl);
  const action = compiled.action(actionName);
  if (!action) throw new TroupeError('INPUT_INVALID', compiled.unknownAction(actionName));
  const complete = action.withDefaults(input);
  const fault = action.checkInput(complete);
  if (fault)
    throw new TroupeError(
      'INPUT_INVALID',
      `${fault.message} (see mco help rpc ${ddl.metadata.name} ${actionName})`,
    );
  return { ddl, action, input: complete, given: input };
}

/** The same, of the `name=value` words of a command line. Throws INPUT_INVALID. */
export function workOfWords(ddl: Ddl, actionName: string, words: readonly string[]): Work {
  const action = compiledDdl(ddl).action(actionName);
  const names = Object.keys(action?.ddl.input ?? {});
  const texts = textsOf(words, names);
  // A misspelt name is reported as such, not as the input that is missing because of it.
  const stray = Object.keys(texts).find((name) => !names.includes(name));
  if (action && stray !== undefined && action.ddl.additional_inputs !== true) {
    const known = names.length > 0 ? `its inputs: ${names.join(', ')}` : 'it has no inputs';
    const where = `${ddl.metadata.name} ${actionName}`;
    throw new TroupeError(
      'INPUT_INVALID',
      `"${stray}" is not an input of ${where}${suggestion(stray, names)}; ${known}`,
    );
  }
  return workOf(ddl, actionName, action?.fromStrings(texts) ?? {});
}

function textsOf(words: readonly string[], names: readonly string[]): Record<string, string> {
  const texts = new Map<string, string>();
  for (const word of words) {
    const at = word.indexOf('=');
    if (at < 1) {
      const hint = names.includes(word) ? `: write ${word}=VALUE` : suggestion(word, names);
      throw new TroupeError('INPUT_INVALID', `"${word}" is not an input of the form NAME=VALUE${hint}`);
    }
    const name = word.slice(0, at);
    if (texts.has(name)) throw new TroupeError('INPUT_INVALID', `the input "${name}" is given twice`);
    texts.set(name, word.slice(at + 1));
  }
  return Object.fromEntries(texts);
}
