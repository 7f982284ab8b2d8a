import { expect } from 'chai';
import { describe, it } from 'mocha';
import { PacketGauge } from '../../src/connection/packet-gauge.js';

/** An MQTT packet of the given remaining length. */
function packet(length: number): Buffer {
  const field: number[] = [];
  let rest = length;
  do {
    const digit = rest % 128;
    rest = Math.floor(rest / 128);
    field.push(rest > 0 ? digit | 0x80 : digit);
  } while (rest > 0);
  return Buffer.concat([Buffer.from([0x30, ...field]), Buffer.alloc(length, 0xff)]);
}

describe('PacketGauge', () => {
  it('lets packets up to the limit pass, however they are cut', () => {
    const stream = Buffer.concat([0, 1, 127, 128, 1000, 2, 0].map(packet));
    for (const size of [1, 2, 3, 129, stream.length]) {
      const gauge = new PacketGauge(1000);
      for (let at = 0; at < stream.length; at += size) {
        expect(gauge.check(stream.subarray(at, at + size))).to.equal(undefined);
      }
    }
  });

  it('finds a packet that is too large by its header alone', () => {
    const gauge = new PacketGauge(1000);
    expect(gauge.check(packet(5))).to.equal(undefined);
    expect(gauge.check(packet(1001).subarray(0, 3))).to.equal(1001);
  });

  it('finds one after others in the same piece', () => {
    const gauge = new PacketGauge(1000);
    expect(gauge.check(Buffer.concat([packet(10), packet(0), packet(200_000)]))).to.be.greaterThan(1000);
  });

  it('refuses a length of more than four bytes', () => {
    expect(new PacketGauge(2 ** 40).check(Buffer.from([0x30, 0x80, 0x80, 0x80, 0x80, 0x80]))).not.to.equal(
      undefined,
    );
  });

  it('follows a limit that is raised', () => {
    const gauge = new PacketGauge(10);
    expect(gauge.check(packet(10))).to.equal(undefined);
    gauge.limit = 2000;
    expect(gauge.check(packet(1500))).to.equal(undefined);
  });
});
