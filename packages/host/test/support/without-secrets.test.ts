import { expect } from 'chai';
import { describe, it } from 'mocha';
import { configWithoutSecrets, textWithoutSecrets } from '../../src/support/without-secrets.js';

describe('texts without secrets', () => {
  const cases: readonly [what: string, text: string, clean: string][] = [
    [
      'a private key',
      'a\n-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----\nb',
      'a\n[redacted]\nb',
    ],
    ['a private key that is cut off', '-----BEGIN PRIVATE KEY-----\nMHcC', '[redacted]'],
    [
      'a signed token',
      'token eyJhbGciOiJFZERTQSJ9.eyJ2IjoxfQ.c2lnbmF0dXJl refused',
      'token [redacted] refused',
    ],
    [
      'credentials in a URL',
      'connect to mqtts://rip:hunter2@mq.lab:8883',
      'connect to mqtts://[redacted]@mq.lab:8883',
    ],
    ['an Authorization header', 'Authorization: Bearer abcdef123456', 'Authorization: Bearer [redacted]'],
    ['a key of JSON', '{"password":"hunter2","port":25}', '{"password":[redacted],"port":25}'],
    ['a quoted value with escapes', '{"api_key": "hun\\"ter2"}', '{"api_key": [redacted]}'],
    ['an assignment', 'API_TOKEN=hunter2 retry=3', 'API_TOKEN=[redacted] retry=3'],
    ['a query of a URL', 'https://x.lab/hook?token=hunter2&room=ops', 'https://x.lab/[redacted]'],
    [
      'the path of a webhook',
      'POST https://hooks.lab/T0/B0/hunter2 failed',
      'POST https://hooks.lab/[redacted] failed',
    ],
    ['the word after an option', 'run send --token hunter2 -v', 'run send --token [redacted] -v'],
    [
      'the word after an option, in JSON',
      '["send","--api-key","hunter2"]',
      '["send","--api-key","[redacted]"]',
    ],
    ['a key of YAML', 'smtp_password: hunter2', 'smtp_password: [redacted]'],
  ];
  for (const [what, text, clean] of cases)
    it(`replace ${what}`, () => expect(textWithoutSecrets(text)).to.equal(clean));

  for (const text of [
    'the enrolment token expired at 2026-01-01T00:00:00.000Z',
    'cannot read /etc/troupe/token: ENOENT',
    '{"level":"info","msg":"connected to the broker","url":"mqtts://mq.lab:8883"}',
    'security.key: cannot use /etc/troupe/web1.key',
  ])
    it(`keep "${text.slice(0, 40)}…"`, () => expect(textWithoutSecrets(text)).to.equal(text));
});

describe('a configuration without secrets', () => {
  it('loses the values of keys whose names say that they are secret, at any depth', () => {
    const config = {
      smtp: { host: 'mail.lab', password: 'hunter2', pins: [{ secret_key: 4711 }] },
      tokens: { uses: 3 },
    };
    expect(configWithoutSecrets(config)).to.deep.equal({
      smtp: { host: 'mail.lab', password: '[redacted]', pins: [{ secret_key: '[redacted]' }] },
      tokens: { uses: 3 },
    });
  });

  it('loses a list of secrets as a whole', () => {
    expect(configWithoutSecrets({ api_tokens: ['a', 'b'] })).to.deep.equal({ api_tokens: '[redacted]' });
  });

  it('keeps names of files that the caller names', () => {
    const isFile = ([section]: readonly string[]) => section === 'security';
    const config = { security: { key: '/etc/web1.key' }, plugins: { key: 'hunter2' } };
    expect(configWithoutSecrets(config, isFile)).to.deep.equal({
      security: { key: '/etc/web1.key' },
      plugins: { key: '[redacted]' },
    });
  });

  it('loses the path of a webhook, the credentials of a URL and the word after a secret option', () => {
    const config = {
      urls: ['https://hooks.lab/T1/hunter2', 'smtp://u:hunter2@mail.lab'],
      run: ['send', '--api-key', 'hunter2'],
    };
    expect(configWithoutSecrets(config)).to.deep.equal({
      urls: ['https://hooks.lab/[redacted]', 'smtp://[redacted]@mail.lab'],
      run: ['send', '--api-key', '[redacted]'],
    });
  });
});
