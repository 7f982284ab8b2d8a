import type { Escape } from './template.js';

/** For plain text, where nothing has a meaning. */
export const asIs: Escape = (value) => value;

/** For the inside of a JSON string. */
export const inJson: Escape = (value) => JSON.stringify(value).slice(1, -1);

/** For the value of a form field. */
export const inForm: Escape = (value) => encodeURIComponent(value);

/** For the text or an attribute of XML or HTML. */
export const inXml: Escape = (value) => value.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

// https://docs.slack.dev/messaging/formatting-message-text: these three, and no others.
/** For Slack's mrkdwn: nothing becomes a link or calls for a channel. */
export const inMrkdwn: Escape = (value) =>
  value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** For a Mastodon status: what stands in a message mentions nobody. Addresses of mail stay as they are. */
export const withoutMentions: Escape = (value) => value.replace(/(?<![\w./])@(?=\w)/g, '@\u200b');

/** For a line of text: nothing begins another line or moves the cursor. */
export const onLine: Escape = (value) =>
  value.replace(/[\p{Cc}\u2028\u2029]/gu, (sign) =>
    sign === '\n' ? '\\n' : `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
