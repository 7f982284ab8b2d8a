import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Notification } from '../../src/notification.js';
import { asIs, inForm, inJson, inMrkdwn, inXml, onLine, withoutMentions } from '../../src/template/escape.js';
import { faultOf, layoutOf, render } from '../../src/template/template.js';

const notification: Notification = {
  id: '17',
  recipient: 'mailto://ops@example.com',
  subject: 'web1\r\nBcc: evil@example.com',
  message: 'm',
  time: new Date(0),
  caller: 'rip.mcollective',
  host: 'notifier',
  fields: { node: 'web1', steps: [{ name: 'sign' }, { name: 'run' }], nested: { a: 1 } },
};

const body = (template: string) => render(layoutOf(template, asIs), notification).body;

describe('a template', () => {
  it('has the first line of a message, not more than a short text has room for', () => {
    const short = (message: string) => render(layoutOf('{{short}}', asIs), { ...notification, message }).body;
    expect(short('\n  \n  web1:\tno disk \nlock ok')).to.equal('web1: no disk');
    expect(short('x'.repeat(500))).to.equal(`${'x'.repeat(299)}…`);
    expect(short('')).to.equal('');
  });

  it('knows all of a message', () => {
    expect(body('{{id}} {{protocol}} {{address}} {{caller}} {{host}} {{time}} {{message}}')).to.equal(
      '17 mailto ops@example.com rip.mcollective notifier 1970-01-01T00:00:00.000Z m',
    );
    expect(body('{{fields.node}}:{{#fields.steps}} {{name}}{{/fields.steps}} {{fields.nested}}')).to.equal(
      'web1: sign run {"a":1}',
    );
    expect(body('{{^fields.none}}nothing{{/fields.none}}{{! not said }}')).to.equal('nothing');
  });

  it('knows nothing else', () => {
    for (const name of [
      'constructor',
      '__proto__',
      'toString',
      'fields.constructor',
      'fields.nested.toString',
    ])
      expect(body(`<{{${name}}}>`)).to.equal('<>');
    expect(body('{{#fields.steps}}<{{constructor}}>{{/fields.steps}}')).to.equal('<><>');
  });

  it('makes a subject of one line, whatever it is made of', () => {
    expect(render(layoutOf('', asIs), notification).subject).to.equal('web1 Bcc: evil@example.com');
  });

  for (const [template, fault] of [
    ['{{{message}}}', 'body: "message" would not be escaped: use {{message}}'],
    [
      '{{mesage}}',
      'body: unknown placeholder {{mesage}} (did you mean "message"?): use id, subject, message, caller, host, recipient, protocol, address, short, time or fields.NAME',
    ],
    [
      '{{#subject}}{{node}}{{/subject}}',
      'body: unknown placeholder {{node}}: use id, subject, message, caller, host, recipient, protocol, address, short, time or fields.NAME',
    ],
    [
      '{{#facts.ip}}a{{/facts.ip}}',
      'body: unknown placeholder {{facts.ip}}: use id, subject, message, caller, host, recipient, protocol, address, short, time or fields.NAME',
    ],
    [
      '{{#fields}}{{node}} {{#reason}}{{.}}{{/reason}}{{/fields}}{{^fields.file}}-{{/fields.file}}',
      undefined,
    ],
    ['{{#fields}}{{&message}}{{/fields}}', 'body: "message" would not be escaped: use {{message}}'],
    ['{{> other}}', 'body: partials are not supported: remove {{> other}}'],
    ['{{#fields}}', 'body: Unclosed section "fields" at 11'],
    ['{{message', 'body: Unclosed tag at 9'],
  ] as const) {
    it(`is refused when it is ${template}`, () => {
      expect(faultOf(layoutOf(template, asIs))).to.equal(fault);
    });
  }
});

describe('what is escaped', () => {
  for (const [name, escaping, value, expected] of [
    ['JSON', inJson, 'a"\\\n\u0000', 'a\\"\\\\\\n\\u0000'],
    ['a form', inForm, 'a&b=c d', 'a%26b%3Dc%20d'],
    ['XML', inXml, `<a b="c">&'`, '&#60;a b=&#34;c&#34;&#62;&#38;&#39;'],
    ['mrkdwn', inMrkdwn, '<!here> & <https://x|y>', '&lt;!here&gt; &amp; &lt;https://x|y&gt;'],
    ['a status', withoutMentions, '@a (@b) x@y.z .@c', '@\u200ba (@\u200bb) x@y.z .@c'],
    ['a line', onLine, 'a\nb\r\u001b[2J\u2028', 'a\\nb\\u000d\\u001b[2J\\u2028'],
  ] as const) {
    it(`cannot leave its place in ${name}`, () => {
      expect(escaping(value)).to.equal(expected);
    });
  }
});
