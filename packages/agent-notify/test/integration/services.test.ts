import { writeFileSync } from 'node:fs';
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { DeliveryError } from '../../src/delivery-error.js';
import { deliverByHttp } from '../../src/protocols/http.js';
import { rejection, sendmsg } from '../call.js';
import { WebServer } from './web-server.js';

// What is sent is compared with the services' documentation of their interfaces; the services themselves are not asked.
describe('the services that are spoken to over HTTP', function () {
  this.timeout(30_000);
  let folder: TempFolder;
  let server: WebServer;

  before(async () => {
    folder = await createTempFolder();
    server = await WebServer.start();
  });
  after(async () => {
    server?.stop();
    await folder?.close();
  });

  function secret(text: string): string {
    const file = folder.join(`secret-${text.replace(/\W/g, '-')}`);
    writeFileSync(file, `${text}\n`, { mode: 0o600 });
    return file;
  }

  const subject = 'web1 <quarantined>';
  const message = 'Why: <!channel> & @ops, see ops@example.com';

  describe('slack', () => {
    const section = () => ({
      slack: { webhooks: { ops: { url_file: secret(`${server.url}/services/T0/B0/geheim`) } } },
    });
    const input = { recipient: 'slack://ops', subject, message };

    it('posts a text in which nothing calls for anybody', async () => {
      server.prepare({ status: 200, body: 'ok' });
      await sendmsg(section(), input);
      expect(server.received).to.have.length(1);
      const [request] = server.received;
      expect(request).to.include({ method: 'POST', path: '/services/T0/B0/geheim' });
      expect(request?.headers['content-type']).to.equal('application/json; charset=utf-8');
      expect(JSON.parse(request?.body ?? '')).to.deep.equal({
        text: '*web1 &lt;quarantined&gt;*\nWhy: &lt;!channel&gt; &amp; @ops, see ops@example.com',
      });
    });

    it('says what is wrong, without the address', async () => {
      server.prepare({ status: 404, body: 'no_service at /services/T0/B0/geheim' });
      const error = await rejection(sendmsg(section(), input));
      expect(error.message).to.equal(
        'Slack webhook "ops" did not accept the message: HTTP status 404: no_service at [redacted]',
      );
    });

    it('is told by which templates it speaks', async () => {
      server.prepare({ status: 200 });
      const { slack } = section();
      const template = {
        body: ':tada: {{#fields.node}}{{fields.node}} {{/fields.node}}{{subject}} ({{caller}})',
      };
      await sendmsg({ slack: { ...slack, template } }, { ...input, fields: { node: '<web1>' } });
      expect(JSON.parse(server.received[0]?.body ?? '')).to.deep.equal({
        text: ':tada: &lt;web1&gt; web1 &lt;quarantined&gt; (rip.mcollective)',
      });
    });
  });

  describe('ntfy', () => {
    const section = (more: object = {}) => ({
      ntfy: {
        server: server.url,
        token_file: secret('tk_geheim'),
        topics: { ops: { topic_file: secret('hidden-topic'), priority: 4, tags: ['warning'], ...more } },
      },
    });
    const input = { recipient: 'ntfy://ops', subject, message };

    it('publishes as JSON', async () => {
      server.prepare({ status: 200, body: '{}' });
      await sendmsg(section(), input);
      const [request] = server.received;
      expect(request).to.include({ method: 'POST', path: '/' });
      expect(request?.headers.authorization).to.equal('Bearer tk_geheim');
      expect(JSON.parse(request?.body ?? '')).to.deep.equal({
        topic: 'hidden-topic',
        title: subject,
        message,
        priority: 4,
        tags: ['warning'],
      });
    });

    it('cuts what would become an attachment, never a character', async () => {
      server.prepare({ status: 200, body: '{}' });
      await sendmsg(section(), { ...input, message: '🎭'.repeat(3000) });
      const { message: sent } = JSON.parse(server.received[0]?.body ?? '');
      expect(Buffer.byteLength(sent)).to.be.within(3000, 4096);
      expect(sent).to.match(/^(🎭)+…$/u);
    });

    it('says that it may not, without token and topic', async () => {
      server.prepare({ status: 403, body: '{"error":"hidden-topic is not for tk_geheim"}' });
      const error = await rejection(sendmsg(section(), input));
      expect(error.message).to.equal(
        'Ntfy topic "ops" did not accept the message: HTTP status 403: {"error":"[redacted] is not for [redacted]"}',
      );
    });
  });

  describe('pushover', () => {
    const section = () => ({
      pushover: {
        url: `${server.url}/1/messages.json`,
        token_file: secret('azGDORePK8gMaC0QOYAMyEEuzJnyUi'),
        users: { rip: { user_file: secret('uQiRzpo4DXghDmr9QzzfQu27cmVRsG'), device: 'phone', priority: 1 } },
      },
    });
    const input = { recipient: 'pushover://rip', subject, message };

    it('posts a form', async () => {
      server.prepare({ status: 200, body: '{"status":1}' });
      await sendmsg(section(), { ...input, message: `${message}${'x'.repeat(2000)}` });
      const [request] = server.received;
      expect(request).to.include({ method: 'POST', path: '/1/messages.json' });
      expect(request?.headers['content-type']).to.equal('application/x-www-form-urlencoded');
      const { timestamp, message: sent, ...form } = Object.fromEntries(new URLSearchParams(request?.body));
      expect(form).to.deep.equal({
        token: 'azGDORePK8gMaC0QOYAMyEEuzJnyUi',
        user: 'uQiRzpo4DXghDmr9QzzfQu27cmVRsG',
        title: subject,
        device: 'phone',
        priority: '1',
      });
      expect(sent)
        .to.have.length(1024)
        .and.match(/^Why: <!channel> & @ops.*x…$/);
      expect(Math.abs(Number(timestamp) - Date.now() / 1000)).to.be.below(60);
    });

    it('says what is wrong, without token and user', async () => {
      server.prepare({
        status: 400,
        body: '{"user":"invalid","errors":["user uQiRzpo4DXghDmr9QzzfQu27cmVRsG"]}',
      });
      const error = await rejection(sendmsg(section(), input));
      expect(error.message).to.match(
        /^Pushover user "rip" did not accept the message: HTTP status 400: .*\[redacted\]/,
      );
      expect(error.message).to.not.include('uQiR');
    });
  });

  describe('mastodon', () => {
    const section = () => ({ mastodon: { server: server.url, token_file: secret('masto-geheim') } });
    const input = { recipient: 'mastodon://ops@social.example.net', subject, message, id: 'web1-17' };

    it('writes to one account, and mentions nobody else', async () => {
      server.prepare({ status: 200, body: '{}' });
      await sendmsg(section(), input);
      const [request] = server.received;
      expect(request).to.include({ method: 'POST', path: '/api/v1/statuses' });
      expect(request?.headers.authorization).to.equal('Bearer masto-geheim');
      expect(request?.headers['idempotency-key']).to.equal('web1-17 mastodon://ops@social.example.net');
      expect(JSON.parse(request?.body ?? '')).to.deep.equal({
        status:
          '@ops@social.example.net web1 <quarantined>\n\nWhy: <!channel> & @\u200bops, see ops@example.com',
        visibility: 'direct',
      });
    });

    it('writes to the timeline, for those alone who follow, and no more than fits', async () => {
      server.prepare({ status: 200, body: '{}' });
      await sendmsg(section(), { ...input, recipient: 'mastodon://timeline', message: 'x'.repeat(1000) });
      const { status, visibility } = JSON.parse(server.received[0]?.body ?? '');
      expect(visibility).to.equal('private');
      expect(status)
        .to.have.length(500)
        .and.match(/^web1 <quarantined>\n\nx+…$/);
    });

    for (const address of ['@ops', 'a b', 'ops@', 'ops@@x', 'ops\r\n']) {
      it(`takes ${JSON.stringify(address)} for no account`, async () => {
        const error = await rejection(sendmsg(section(), { ...input, recipient: `mastodon://${address}` }));
        expect(error.status).to.equal(4);
      });
    }

    it('says that it may not, without the token', async () => {
      server.prepare({ status: 401, body: '{"error":"The access token is invalid: masto-geheim"}' });
      const error = await rejection(sendmsg(section(), input));
      expect(error.message).to.equal(
        `The Mastodon server ${new URL(server.url).host} did not accept the message: ` +
          'HTTP status 401: {"error":"The access token is invalid: [redacted]"}',
      );
    });
  });

  describe('webhook', () => {
    const endpoint = (more: object) => ({
      webhook: { endpoints: { ops: { url: `${server.url}/x`, ...more } } },
    });
    const input = { recipient: 'webhook://ops', subject: 'a "b"', message: 'c\n\\d & <e>' };

    for (const [type, template, expected] of [
      ['application/json', '{"text":"{{subject}}: {{message}}"}', '{"text":"a \\"b\\": c\\n\\\\d & <e>"}'],
      ['application/cloudevents+json', '["{{message}}"]', '["c\\n\\\\d & <e>"]'],
      ['application/x-www-form-urlencoded', 't={{message}}', 't=c%0A%5Cd%20%26%20%3Ce%3E'],
      ['text/xml', '<m>{{message}}</m>', '<m>c\n\\d &#38; &#60;e&#62;</m>'],
      ['text/plain', '{{subject}} {{message}}', 'a "b" c\n\\d & <e>'],
    ] as const) {
      it(`posts what its template makes, as ${type}`, async () => {
        server.prepare({ status: 200 });
        await sendmsg(endpoint({ content_type: type, template: { body: template } }), input);
        const [request] = server.received;
        expect(request?.headers['content-type']).to.equal(type);
        expect(request?.body).to.equal(expected);
      });
    }

    it('shows its token to the endpoint alone, and takes the URL from a file', async () => {
      server.prepare({ status: 500, body: 'no entry for geheim-7 at /hidden' });
      const section = {
        webhook: {
          endpoints: { ops: { url_file: secret(`${server.url}/hidden`), token_file: secret('geheim-7') } },
        },
      };
      const error = await rejection(sendmsg(section, input));
      expect(server.received[0]).to.include({ path: '/hidden' });
      expect(server.received[0]?.headers.authorization).to.equal('Bearer geheim-7');
      expect(error.message).to.not.include('geheim-7');
    });
  });

  describe('what an answer means', () => {
    const ask = async () => {
      const error = await rejection(
        deliverByHttp({
          what: 'Webhook "ops"',
          url: server.url,
          headers: {},
          body: '',
          timeoutSeconds: 20,
          signal: new AbortController().signal,
          secrets: [],
        }),
      );
      expect(error).to.be.instanceOf(DeliveryError);
      return error as DeliveryError;
    };

    for (const [status, isFinal] of [
      [301, true],
      [400, true],
      [401, true],
      [404, true],
      [408, false],
      [429, false],
      [500, false],
      [503, false],
    ] as const) {
      it(`tries ${isFinal ? 'no more' : 'again'} after ${status}`, async () => {
        server.prepare({ status });
        expect((await ask()).isFinal).to.equal(isFinal);
      });
    }

    it('waits as long as Retry-After says, in seconds or as a date', async () => {
      server.prepare({ status: 429, headers: { 'retry-after': '120' } });
      expect((await ask()).retryAfterSeconds).to.equal(120);
      const inAnHour = new Date(Date.now() + 3_600_000).toUTCString();
      server.prepare({ status: 503, headers: { 'retry-after': inAnHour } });
      expect((await ask()).retryAfterSeconds).to.be.within(3500, 3600);
      server.prepare({ status: 503, headers: { 'retry-after': 'soon' } });
      expect((await ask()).retryAfterSeconds).to.equal(undefined);
    });
  });
});
