interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly minimum?: number;
  readonly maximum?: number;
}

interface Row {
  readonly key: string;
  readonly kind: string;
  readonly default: string;
  readonly meaning: string;
}

/** A table, in Markdown, of all keys of a configuration, made from its schema. */
export function configTable(schema: unknown): string {
  const rows = rowsOf(schema as Schema, '');
  const head = { key: 'key', kind: 'value', default: 'default', meaning: 'meaning' };
  const columns = (['key', 'kind', 'default', 'meaning'] as const).map((name) => {
    const width = Math.max(...[head, ...rows].map((row) => row[name].length));
    return { name, width };
  });
  const line = (cell: (column: (typeof columns)[number]) => string) => `| ${columns.map(cell).join(' | ')} |`;
  return [
    line(({ name, width }) => head[name].padEnd(width)),
    line(({ width }) => '-'.repeat(width)),
    ...rows.map((row) => line(({ name, width }) => row[name].padEnd(width))),
    '',
  ].join('\n');
}

function rowsOf({ properties = {} }: Schema, prefix: string): Row[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const key = `${prefix}${name}`;
    const own = schema.description === undefined ? [] : [rowOf(key, schema)];
    if (schema.properties) return [...own, ...rowsOf(schema, `${key}.`)];
    return [...own, ...(schema.items?.properties ? rowsOf(schema.items, `${key}[].`) : [])];
  });
}

function rowOf(key: string, schema: Schema): Row {
  const value = schema.default;
  const isShown =
    value !== undefined && !(typeof value === 'object' && Object.keys(value ?? {}).length === 0);
  return {
    key: `\`${key}\``,
    kind: kindOf(schema),
    default: isShown ? `\`${typeof value === 'string' ? value : JSON.stringify(value)}\`` : '',
    meaning: (schema.description ?? '').replaceAll('|', '\\|'),
  };
}

function kindOf({ type, enum: words, items, minimum, maximum, properties }: Schema): string {
  if (words) return words.map((word) => `\`${word}\``).join(', ');
  if (type === 'array') return items?.properties ? 'list of sections' : 'list of texts';
  if (properties || type === 'object') return 'section';
  if (type === 'string') return 'text';
  if (type === 'boolean') return '`true`, `false`';
  const number = type === 'integer' ? 'whole number' : 'number';
  if (minimum === undefined) return number;
  return maximum === undefined ? `${number} from ${minimum}` : `${number}, ${minimum} to ${maximum}`;
}
