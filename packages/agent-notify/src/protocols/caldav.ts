import { createHash } from 'node:crypto';
import { type ConfigOf, optionalSection } from '@troupe/core';
import ical from 'ical-generator';
import { ca, file, loginKeys, timeout, webUrl } from '../section/keys.js';
import { finder, namedSchema } from '../section/named.js';
import { readConfigured, readSecret } from '../section/secret-file.js';
import { checkNotInClear, checkUrl } from '../section/url.js';
import { asIs } from '../template/escape.js';
import { layoutOf, templateSchema, withTemplates } from '../template/template.js';
import { printable } from '../text/printable.js';
import { deliverByHttp } from './http.js';
import type { Letter, Protocol, ProtocolKind } from './protocol.js';

const schema = optionalSection(
  {
    calendars: namedSchema({
      ...optionalSection(
        {
          url: { ...webUrl, description: "URL of the calendar's collection, not of a file in it." },
          username: {
            type: 'string',
            pattern: '^[^:\\x00-\\x1f]+$',
            description: 'User name; requires `password_file`.',
          },
          password_file: file('File with the password.'),
          duration: {
            type: 'number',
            minimum: 60,
            maximum: 86_400,
            default: 900,
            description: 'Duration of an event in seconds.',
          },
          ca,
          template: templateSchema,
        },
        'url',
      ),
      dependencies: loginKeys,
    }),
    timeout: timeout(10),
    template: templateSchema,
  },
  'calendars',
);

/** The calendars by the names that callers use. */
export type CaldavConfig = ConfigOf<typeof schema>;

/** A calendar on a CalDAV server. */
export type CalendarConfig = CaldavConfig['calendars'][string];

/** An event in a calendar at the time of the message: `caldav://NAME` for the calendar NAME of the configuration. */
export const caldav: ProtocolKind<typeof schema> = {
  schema,
  open: (config): Protocol => {
    for (const [name, calendar] of Object.entries(config.calendars)) secretsOf(name, calendar);
    const find = finder('Calendar', config.calendars);
    const own = withTemplates(layoutOf('{{short}}', asIs), config.template);
    return {
      layout: (name) => withTemplates(own, find(name).template),
      deliver: (letter, signal) => deliver(letter, find(letter.address), config.timeout, signal),
    };
  },
};

async function deliver(
  letter: Letter,
  calendar: CalendarConfig,
  timeoutSeconds: number,
  signal: AbortSignal,
): Promise<void> {
  const { address: name, notification } = letter;
  const { username, url } = calendar;
  const { password, ca } = secretsOf(name, calendar);
  const login = Buffer.from(`${username}:${password}`).toString('base64');
  const uid = createHash('sha256').update(notification.id).digest('hex').slice(0, 32);
  await deliverByHttp({
    what: `Calendar "${name}"`,
    url: new URL(`troupe-${uid}.ics`, url.endsWith('/') ? url : `${url}/`).href,
    method: 'PUT',
    headers: {
      'content-type': 'text/calendar; charset=utf-8',
      // An event that is there already, and may have been edited since, is left as it is.
      'if-none-match': '*',
      ...(password === undefined ? {} : { authorization: `Basic ${login}` }),
    },
    accept: [412],
    body: eventOf(letter, `troupe-${uid}`, calendar.duration),
    ca,
    timeoutSeconds,
    signal,
    secrets: password === undefined ? [] : [password, login],
  });
}

/** The calendar file with the one event. */
export function eventOf({ subject, body, notification }: Letter, uid: string, duration: number): string {
  const { time } = notification;
  const calendar = ical({ prodId: '//troupe//notify//EN' });
  calendar.createEvent({
    id: uid,
    start: time,
    end: new Date(time.getTime() + duration * 1000),
    stamp: time,
    summary: printable(subject),
    description: printable(body),
  });
  return calendar.toString();
}

function secretsOf(name: string, { url, password_file, ca }: CalendarConfig) {
  const key = `caldav.calendars.${name}`;
  if (password_file === undefined) checkUrl(url, `${key}.url`);
  else checkNotInClear(url, `${key}.url`);
  return {
    password: password_file === undefined ? undefined : readSecret(password_file, `${key}.password_file`),
    ca: ca === undefined ? undefined : readConfigured(ca, `${key}.ca`),
  };
}
