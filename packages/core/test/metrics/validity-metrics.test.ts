import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Metrics } from '../../src/metrics/metrics.js';
import { addValidityMetrics } from '../../src/metrics/validity-metrics.js';
import { createCa, createCrl } from '../../src/pki/index.js';
import { validitiesOf } from '../../src/security/validity.js';

describe('the metrics of certificates and revocation lists', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'validity-metrics-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const linesOf = (metrics: Metrics) =>
    metrics
      .text()
      .split('\n')
      .filter((line) => line.startsWith('troupe_x_'));

  it('show the earliest end of each kind, in seconds since 1970', async () => {
    const [long, short] = [
      await createCa({ commonName: 'one', days: 400 }),
      await createCa({ commonName: 'two', days: 10 }),
    ];
    const files = {
      ca: file('ca.pem', long.certificatePem),
      crl: file('crl.pem', createCrl({ ca: long, number: 1, revoked: [], days: 5 })),
      callers: { ca: file('callers.pem', short.certificatePem) },
    };
    const end = (what: string) => {
      const { to = 0 } = validitiesOf(files).find((validity) => validity.what.endsWith(what)) ?? {};
      return to / 1000;
    };
    const metrics = new Metrics('troupe_x');
    addValidityMetrics(
      metrics,
      () => files,
      () => ({ token: 1_800_000_000_000 }),
    );
    expect(linesOf(metrics)).to.deep.equal([
      `troupe_x_validity_end_timestamp_seconds{kind="ca"} ${end('certificate of two')}`,
      `troupe_x_validity_end_timestamp_seconds{kind="crl"} ${end('(CRL) of one')}`,
      'troupe_x_validity_end_timestamp_seconds{kind="token"} 1800000000',
      'troupe_x_validity_unreadable_files 0',
    ]);
  });

  it('count files that cannot be read, and read the files once in a minute', () => {
    let reads = 0;
    const metrics = new Metrics('troupe_x');
    addValidityMetrics(metrics, () => {
      reads += 1;
      return { certificate: join(folder, 'none.pem'), crl: file('crl.pem', ''), callers: {} };
    });
    for (let times = 0; times < 3; times += 1)
      expect(linesOf(metrics)).to.deep.equal(['troupe_x_validity_unreadable_files 1']);
    expect(reads).to.equal(1);
  });
});
