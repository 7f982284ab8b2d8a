import { TroupeError } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { openConfig } from '../src/config.js';

const mailto = { server: 'localhost', from: 'troupe@example.com', tls: 'none' };
const webhook = { endpoints: { ops: { url: 'https://hooks.example.com/x' } } };

describe('the configuration of the agent notify', () => {
  it('opens the protocols that it has a section for', () => {
    expect([...openConfig({ mailto, webhook }).protocols.keys()]).to.deep.equal(['mailto', 'webhook']);
    expect([...openConfig({ webhook }).protocols.keys()]).to.deep.equal(['webhook']);
  });

  it('leaves the section as it is', () => {
    openConfig(Object.freeze({ mailto: Object.freeze({ ...mailto }) }));
  });

  it('leaves out sections of protocols that no longer exist, and says what replaces them', () => {
    const section = { mailto, boxcar: { apikey: 'x' }, templates: { 'twitter://me': { body: 'x' } } };
    const { protocols, templates, warnings } = openConfig(section);
    expect([...protocols.keys(), ...templates.keys()]).to.deep.equal(['mailto']);
    expect(warnings).to.deep.equal([
      'plugins: notify.boxcar has no effect: Boxcar no longer exists: use pushover or ntfy',
      "plugins: notify.templates.twitter://me has no effect: Twitter's interface of 2010 no longer exists: use mastodon",
    ]);
    expect([...openConfig({ boxcar: {} }).protocols.keys()]).to.deep.equal([]);
  });

  for (const [title, section, message] of [
    [
      'no protocol',
      {},
      'notify: no protocol is configured: add at least one section of caldav, exec, mailto, mastodon, ntfy, pushover, slack, stdout, webhook, xmpp',
    ],
    ['an unknown protocol', { sms: {} }, 'notify: unknown key "sms"'],
    [
      'a password in the file',
      { mailto: { ...mailto, password: 'x' } },
      'notify.mailto: unknown key "password"',
    ],
    ['no server', { mailto: { from: 'a@b.c' } }, 'notify.mailto: "server" is missing'],
    [
      'all faults at once',
      { mailto: {} },
      'notify.mailto: "server" is missing; notify.mailto: "from" is missing',
    ],
    [
      'an unknown TLS mode',
      { mailto: { ...mailto, tls: 'ssl' } },
      'notify.mailto.tls: must be one of starttls, tls, none',
    ],
    ['a port that is none', { mailto: { ...mailto, port: 0 } }, 'notify.mailto.port: must be >= 1'],
    [
      'a sender of two lines',
      { mailto: { ...mailto, from: 'a@b.c\nBcc: d@e.f' } },
      'notify.mailto.from: must match pattern',
    ],
    [
      'a login without password',
      { mailto: { ...mailto, username: 'troupe' } },
      'notify.mailto: must have property password_file when property username is present',
    ],
    [
      'a password in clear over the network',
      {
        mailto: { ...mailto, server: 'mail.example.com', username: 'troupe', password_file: '/nonexistent' },
      },
      'notify.mailto.tls: the password would be sent to mail.example.com unencrypted',
    ],
    [
      'a password file that is not there',
      { mailto: { ...mailto, tls: 'tls', username: 'troupe', password_file: '/nonexistent' } },
      'notify.mailto.password_file: ENOENT',
    ],
    [
      'no endpoints',
      { webhook: { endpoints: {} } },
      'notify.webhook.endpoints: must NOT have fewer than 1 properties',
    ],
    [
      'an endpoint without URL',
      { webhook: { endpoints: { ops: {} } } },
      'notify.webhook.endpoints.ops: "url" or "url_file" is missing',
    ],
    [
      'an endpoint with a key that is not known',
      { webhook: { endpoints: { ops: { url: 'https://x', secret: 'x' } } } },
      'notify.webhook.endpoints.ops: unknown key "secret"',
    ],
    [
      'a URL of another kind',
      { webhook: { endpoints: { ops: { url: 'file:///etc/passwd' } } } },
      'notify.webhook.endpoints.ops.url: must match pattern',
    ],
    [
      'a login in a URL',
      { webhook: { endpoints: { ops: { url: 'https://a:geheim@example.com/' } } } },
      'notify.webhook.endpoints.ops.url: must not contain a user name or password',
    ],
    [
      'a secret over the network in clear',
      { mastodon: { server: 'http://social.example.net', token_file: '/nonexistent' } },
      'notify.mastodon.server: the secret would be sent to social.example.net unencrypted: use https',
    ],
    [
      'the token of a webhook over the network in clear',
      { webhook: { endpoints: { ops: { url: 'http://hooks.example.com/', token_file: '/nonexistent' } } } },
      'notify.webhook.endpoints.ops.url: the secret would be sent to hooks.example.com unencrypted: use https',
    ],
    [
      'an endpoint with two URLs',
      { webhook: { endpoints: { ops: { url: 'https://x', url_file: '/nonexistent' } } } },
      'notify.webhook.endpoints.ops: "url" and "url_file" cannot be used together',
    ],
    [
      'a template that puts something in unescaped',
      { stdout: { template: { body: '{{{message}}}' } } },
      'notify.stdout: the template for stdout://anything: body: "message" would not be escaped: use {{message}}',
    ],
    [
      'a template that makes no JSON',
      { webhook: { endpoints: { ops: { url: 'https://x', template: { body: '{"a": {{message}}}' } } } } },
      'notify.webhook: the template for webhook://ops: body: the result is not valid JSON: put values between double quotes',
    ],
    [
      'a template for a recipient of no protocol',
      { stdout: {}, templates: { 'sms://1': { body: 'x' } } },
      'notify.templates.sms://1: Unknown protocol "sms"; supported: caldav, exec',
    ],
    [
      'a template for a recipient that is not there',
      { webhook, templates: { 'webhook://nobody': { body: 'x' } } },
      'notify.templates.webhook://nobody: Webhook "nobody" is not configured on this notifier; configured: ops',
    ],
    [
      'a template for a recipient that does not work',
      { webhook, templates: { 'webhook://ops': { body: '{"a": "{{#fields}}"}' } } },
      'notify.templates.webhook://ops: body: Unclosed section "fields" at',
    ],
    [
      'a spool that is none',
      { stdout: {}, spool: { first_dellay: 3 } },
      'notify.spool: unknown key "first_dellay" (did you mean "first_delay"?)',
    ],
    [
      'a URL that is none',
      { webhook: { endpoints: { ops: { url: 'https://' } } } },
      'notify.webhook.endpoints.ops.url: is not a URL',
    ],
  ] as const) {
    it(`refuses ${title}`, () => {
      expect(() => openConfig(section))
        .to.throw(TroupeError, `plugins: ${message}`)
        .with.property('code', 'CONFIG_INVALID');
    });
  }

  it('never shows the login of a URL', () => {
    const section = { webhook: { endpoints: { ops: { url: 'https://a:geheim@example.com/' } } } };
    expect(() => openConfig(section))
      .to.throw()
      .with.property('message')
      .not.include('geheim');
  });

  it('allows a login in clear on this machine alone', () => {
    for (const server of ['localhost', '127.0.0.1', '127.1.2.3', '::1']) {
      const section = { mailto: { ...mailto, server, username: 'troupe', password_file: '/nonexistent' } };
      expect(() => openConfig(section)).to.throw('plugins: notify.mailto.password_file: ENOENT');
    }
  });
});
