const head = { key: 'key', kind: 'value', default: 'default', meaning: 'meaning' };

// More words than these in one cell make a table that nobody can read: the meaning says which they are.
const mostWords = 8;

/** A table, in Markdown, of all keys of a configuration that have a description, made from its schema. */
export function configTable(schema) {
  const rows = rowsOf(schema, '');
  const columns = Object.keys(head).map((name) => {
    const width = Math.max(...[head, ...rows].map((row) => row[name].length));
    return { name, width };
  });
  const line = (cell) => `| ${columns.map(cell).join(' | ')} |`;
  return [
    line(({ name, width }) => head[name].padEnd(width)),
    line(({ width }) => '-'.repeat(width)),
    ...rows.map((row) => line(({ name, width }) => row[name].padEnd(width))),
    '',
  ].join('\n');
}

/** The sections in a section: its own keys, those of each item of a list, those of each that the configuration names. */
export function sectionsIn(schema, key) {
  const { items, additionalProperties: named } = schema;
  return [
    [schema, `${key}.`],
    [items, `${key}[].`],
    [named, `${key}.NAME.`],
  ].filter(([inner]) => inner?.properties);
}

function rowsOf({ properties, required = [] }, prefix) {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const key = `${prefix}${name}`;
    const own = schema.description === undefined ? [] : [rowOf(key, schema, required.includes(name))];
    return [...own, ...sectionsIn(schema, key).flatMap(([inner, before]) => rowsOf(inner, before))];
  });
}

function rowOf(key, schema, isRequired) {
  return {
    key: `\`${key}\``,
    kind: kindOf(schema),
    default: isRequired ? 'required' : defaultOf(schema),
    meaning: schema.description.replaceAll('|', '\\|'),
  };
}

function defaultOf({ default: value }) {
  const isEmpty = value === '' || (typeof value === 'object' && Object.keys(value ?? {}).length === 0);
  if (value === undefined || isEmpty) return '';
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

function kindOf(schema) {
  if (schema.enum?.length > mostWords) return 'one of several words';
  if (schema.enum) return schema.enum.map((word) => `\`${word}\``).join(', ');
  const types = [schema.type].flat().filter((type) => type !== 'null');
  return types.map((type) => kindOfType(type, schema)).join(' or ');
}

function kindOfType(type, { items, additionalProperties: named, ...schema }) {
  if (type === 'array') return items?.properties ? 'list of sections' : 'list of texts';
  if (type === 'object') return named?.type === 'string' ? 'texts by name' : 'section';
  if (type === 'string') return 'text';
  if (type === 'boolean') return '`true`, `false`';
  if (schema.format === 'seconds') return `duration${boundsOf(schema)}`;
  return `${type === 'integer' ? 'whole number' : 'number'}${boundsOf(schema)}`;
}

function boundsOf({ minimum, exclusiveMinimum, maximum }) {
  if (exclusiveMinimum !== undefined)
    return ` above ${exclusiveMinimum}${maximum === undefined ? '' : `, at most ${maximum}`}`;
  if (minimum === undefined) return '';
  return maximum === undefined ? ` from ${minimum}` : `, ${minimum} to ${maximum}`;
}
