import { type ActionDdl, canonicalJson, type Ddl } from '@troupe/core';

const inputKeys = ['type', 'optional', 'default', 'validation', 'maxlength', 'list', 'secret'] as const;

/** In what two DDLs of an agent differ for those who call one of its actions, a few words each; none where only texts do. */
export function ddlDifferences(here: Ddl, there: Ddl, action: string): readonly string[] {
  const [a, b] = [here, there].map(({ actions }) => actions.find((one) => one.action === action));
  if (!a || !b) return b ? [] : [`no action "${action}"`];
  return [...effectDifferences(a, b), ...inputDifferences(a, b), ...outputDifferences(a, b)];
}

function effectDifferences(a: ActionDdl, b: ActionDdl): string[] {
  const [isMutatingHere, isMutatingThere] = [a, b].map(({ mutating }) => mutating !== false);
  if (isMutatingHere === isMutatingThere) return [];
  return [isMutatingThere ? 'the action can change the host' : 'the action only reads'];
}

function inputDifferences(a: ActionDdl, b: ActionDdl): string[] {
  return namesOf(a.input, b.input).flatMap((name) => {
    const [here, there] = [a.input[name], b.input[name]];
    if (!here) return [`input "${name}" is new`];
    if (!there) return [`no input "${name}"`];
    return inputKeys
      .filter((key) => canonicalJson(here[key]) !== canonicalJson(there[key]))
      .map((key) => `another ${key} of input "${name}"`);
  });
}

function outputDifferences(a: ActionDdl, b: ActionDdl): string[] {
  return namesOf(a.output, b.output).flatMap((name) => {
    if (!a.output[name]) return [`output "${name}" is new`];
    return b.output[name] ? [] : [`no output "${name}"`];
  });
}

function namesOf(a: object, b: object): readonly string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])];
}
