import type { Filter } from './filter.js';

/** What may be meant by a filter that compares with a list such as `web,db`, which is one text; nothing if none does. */
export function listHint({ facts, classes, agents }: Filter): string | undefined {
  const fact = facts.find(({ operator, value }) => (operator === '==' || operator === '!=') && isList(value));
  if (fact) {
    const [sign, written] = fact.operator === '==' ? ['=', '='] : ['!~', '!='];
    const either = `-F '${fact.fact}${sign}${pattern(fact.value)}'`;
    return `${fact.fact}${written}${fact.value} compares with the text "${fact.value}" as a whole: for ${sign === '=' ? 'either' : 'none'} of its values, write ${either}`;
  }
  for (const [flag, names] of [
    ['-C', classes],
    ['-A', agents],
  ] as const) {
    const name = names.find((one) => !one.startsWith('/') && isList(one));
    if (name !== undefined)
      return `${flag} takes one name, not the list ${name}: for either of them, write ${flag} '${pattern(name)}'`;
  }
  return undefined;
}

function isList(text: string): boolean {
  return /^[^\s,]+(,[^\s,]+)+$/.test(text);
}

function pattern(list: string): string {
  const values = list.split(',').map((value) => value.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&'));
  return `/^(${values.join('|')})$/`;
}
