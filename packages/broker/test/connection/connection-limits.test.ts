import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { mock } from 'node:test';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { Party } from '../../src/authorization/permissions.js';
import { ConnectionLimits } from '../../src/connection/connection-limits.js';

const defaults = {
  connections_pending: 10,
  connect_timeout: 5,
  connections: 8,
  connections_per_name: 3,
  connections_enrolling: 2,
};

describe('ConnectionLimits', () => {
  let limits: ConnectionLimits;
  let port: number;
  let late: string[];
  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] });
    limits = new ConnectionLimits(defaults);
    port = 1000;
    late = [];
  });
  afterEach(() => mock.timers.reset());

  const socketOf = (remoteAddress: string) => {
    port += 1;
    return Object.assign(new EventEmitter(), {
      remoteAddress,
      remotePort: port,
      destroyed: false,
    }) as unknown as Socket;
  };
  const begin = (address: string, isTls = true) => {
    const socket = socketOf(address);
    const fault = limits.begin(socket, isTls, () => late.push(address));
    return { socket, fault };
  };
  const admit = (party: Party, socket = begin('10.0.0.1').socket) => {
    const fault = limits.authenticated(socket, party);
    if (fault !== undefined) socket.emit('close');
    return { socket, fault };
  };
  const node = (name: string): Party => ({ role: 'node', name });

  it('leaves places for other addresses if one opens many connections', () => {
    const faults = Array.from({ length: 20 }, () => begin('10.0.0.9').fault);
    expect(faults.filter((fault) => fault === undefined)).to.have.length(8);
    expect(faults.at(-1)).to.equal(
      'too many connections from 10.0.0.9, or in all, that are not authenticated yet (limits.connections_pending)',
    );
    expect(begin('10.0.0.1').fault).to.equal(undefined);
    expect(begin('10.0.0.9', false).fault, 'without TLS').to.equal(undefined);
  });

  it('does not count connections of an address that are authenticated: a site may be behind one', () => {
    for (let count = 0; count < 8; count += 1) expect(admit(node(`n${count}`)).fault).to.equal(undefined);
    expect(limits.pending).to.equal(0);
  });

  it('counts no connection that is over', () => {
    for (let count = 0; count < 100; count += 1) {
      const { socket, fault } = begin('10.0.0.9');
      expect(fault).to.equal(undefined);
      socket.emit('close');
      const { socket: known, fault: none } = admit(node('n1'));
      expect(none).to.equal(undefined);
      known.emit('close');
    }
    expect(limits.pending).to.equal(0);
  });

  it('ends the wait for one that does not authenticate, and not of one that did', () => {
    begin('10.0.0.9');
    admit(node('n1'));
    mock.timers.tick(4_999);
    expect(late).to.deep.equal([]);
    mock.timers.tick(1);
    expect(late).to.deep.equal(['10.0.0.9']);
  });

  it('bounds the connections of one name, and in all', () => {
    const faults = Array.from({ length: 4 }, () => admit({ role: 'caller', name: 'a' }).fault);
    expect(faults).to.deep.equal([
      undefined,
      undefined,
      undefined,
      '"a" has 3 connections (limits.connections_per_name)',
    ]);
    for (const name of ['n1', 'n2', 'n3', 'n4', 'n5']) expect(admit(node(name)).fault).to.equal(undefined);
    expect(admit(node('n6')).fault).to.equal('8 clients are connected (limits.connections)');
  });

  it('bounds the machines that enrol: whoever has a token can have many names', () => {
    const machine = (name: string): Party => ({ role: 'enrolling', name, collective: 'provisioning' });
    const faults = ['m1', 'm2', 'm3'].map((name) => admit(machine(name)).fault);
    expect(faults).to.deep.equal([
      undefined,
      undefined,
      '2 machines are enrolling (limits.connections_enrolling)',
    ]);
    expect(admit(node('n1')).fault).to.equal(undefined);
  });

  it('does not bound names that anybody can have', () => {
    for (let count = 0; count < 8; count += 1)
      expect(admit({ role: 'anyone', name: 'anonymous' }).fault).to.equal(undefined);
  });

  it('counts nobody who has left meanwhile', () => {
    const { socket } = begin('10.0.0.1');
    Object.assign(socket, { destroyed: true });
    socket.emit('close');
    expect(limits.authenticated(socket, node('n1'))).to.equal('the client disconnected');
    for (let count = 0; count < 8; count += 1) expect(admit(node(`n${count}`)).fault).to.equal(undefined);
  });
});
