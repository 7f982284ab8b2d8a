import { type ConfigOf, messageOf, optionalSection, suggestion } from '@troupe/core';
import { oneLine } from '@troupe/core/internal';
import mustache from 'mustache';
import type { Notification } from '../notification.js';
import { shortOf } from '../text/short.js';

/** Makes a value harmless where a template puts it. */
export type Escape = (value: string) => string;

/** A Mustache template, and how the values in it are escaped. */
export interface Part {
  readonly template: string;
  readonly escape: Escape;
}

/** How a notification becomes what is delivered. */
export interface Layout {
  readonly subject: Part;
  readonly body: Part;
  /** Makes the body if no template is configured for it. */
  readonly whole?: (notification: Notification) => string;
  /** What is wrong with a body, such as invalid JSON. */
  readonly check?: (body: string) => string | undefined;
}

/** The schema of a section `template`. */
export const templateSchema = {
  ...optionalSection({ subject: { type: 'string', minLength: 1 }, body: { type: 'string', minLength: 1 } }),
  description: 'Mustache templates `subject` and `body` that replace the default ones.',
} as const;

/** Templates of the configuration, which stand in for those of a layout. */
export type TemplateConfig = ConfigOf<typeof templateSchema>;

/** A layout whose body is made by a template; all that comes in is escaped in the same way. */
export function layoutOf(body: string, escaping: Escape): Layout {
  return {
    subject: { template: '{{subject}}', escape: escaping },
    body: { template: body, escape: escaping },
  };
}

/** A layout with the templates of the configuration instead of its own. */
export function withTemplates(layout: Layout, { subject, body }: TemplateConfig = {}): Layout {
  return {
    ...(body === undefined ? layout : withoutWhole(layout)),
    ...(subject === undefined ? {} : { subject: { ...layout.subject, template: subject } }),
    ...(body === undefined ? {} : { body: { ...layout.body, template: body } }),
  };
}

function withoutWhole({ whole: _, ...layout }: Layout): Layout {
  return layout;
}

/** Subject, on one line, and body of a notification. */
export function render(
  { subject, body, whole }: Layout,
  notification: Notification,
): { readonly subject: string; readonly body: string } {
  const view = viewOf(notification);
  return { subject: oneLine(fill(subject, view), 500), body: whole?.(notification) ?? fill(body, view) };
}

/**
 * What is wrong with a layout: a template that cannot be read or would put something in unescaped, or a body that
 * cannot be right. Nothing where it works.
 */
export function faultOf(layout: Layout): string | undefined {
  for (const name of ['subject', 'body'] as const) {
    const fault = templateFault(layout[name].template);
    if (fault !== undefined) return `${name}: ${fault}`;
  }
  const fault = layout.check?.(render(layout, sample).body);
  return fault === undefined ? undefined : `body: ${fault}`;
}

// With all that escaping is for.
const nasty = `a "b" \\ <c> & 'd'\n@e`;
const sample: Notification = {
  id: 'sample',
  recipient: 'stdout://sample',
  subject: nasty,
  message: nasty,
  time: new Date(0),
  caller: 'sample.mcollective',
  host: 'sample.example.com',
  fields: {},
};

/** What a template can contain. */
const names: ReadonlySet<string> = new Set(Object.keys(viewOf(sample)));

function templateFault(template: string): string | undefined {
  try {
    const tokens = mustache.parse(template);
    return unescaped(tokens) ?? unknownName(tokens);
  } catch (error) {
    return oneLine(messageOf(error), 300);
  }
}

function unescaped(tokens: readonly (readonly unknown[])[]): string | undefined {
  for (const [kind, name, , , inner] of tokens) {
    if (kind === '&') return `"${name}" would not be escaped: use {{${name}}}`;
    if (kind === '>') return `partials are not supported: remove {{> ${name}}}`;
    const fault = Array.isArray(inner) ? unescaped(inner) : undefined;
    if (fault !== undefined) return fault;
  }
  return undefined;
}

// What a caller puts into `fields` is its own affair; all other names are known.
function unknownName(tokens: readonly (readonly unknown[])[]): string | undefined {
  for (const [kind, name, , , inner] of tokens) {
    if (kind !== 'name' && kind !== '#' && kind !== '^') continue;
    const [first = ''] = String(name).split('.');
    if (first !== '' && !names.has(first)) {
      const known = [...names].filter((each) => each !== 'fields');
      return `unknown placeholder {{${name}}}${suggestion(first, names)}: use ${known.join(', ')} or fields.NAME`;
    }
    if (first === 'fields' || !Array.isArray(inner)) continue;
    const fault = unknownName(inner);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function fill(part: Part, view: unknown): string {
  return mustache.render(part.template, view, {}, { escape: (value: unknown) => part.escape(textOf(value)) });
}

// Without prototypes: a template must not find what only JavaScript knows.
function viewOf({ recipient, time, fields, covers: _, ...rest }: Notification): object {
  const at = recipient.indexOf('://');
  const parts = { recipient, protocol: recipient.slice(0, at), address: recipient.slice(at + 3) };
  const short = shortOf(rest.message);
  return bare({ ...rest, ...parts, short, time: time.toISOString(), fields }) as object;
}

function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, bare(inner)]);
  return Object.assign(Object.create(null), Object.fromEntries(entries));
}

function textOf(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
