const doubt =
  'it may not trust the certificate of this broker, because its clock is wrong or it knows another CA';

/** Why a client left after the handshake, without MQTT CONNECT. */
export const leftBeforeConnect = `it closed the connection before MQTT CONNECT: ${doubt}`;

/**
 * Why a TLS handshake failed, if the client ended it after it had begun it; `bytesRead` is what the client sent.
 * Undefined for what speaks no TLS, or only looks whether the port is open.
 */
export function distrustOf(error: Error, bytesRead: number): string | undefined {
  const code = 'code' in error ? String(error.code) : '';
  const alert = alertOf(code);
  if (alert !== undefined) return `it ended the TLS handshake with the alert "${alert}": ${doubt}`;
  return code === 'ECONNRESET' && bytesRead > 0 ? `it ended the TLS handshake: ${doubt}` : undefined;
}

// Such as ERR_SSL_TLSV1_ALERT_UNKNOWN_CA, ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE, ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED.
function alertOf(code: string): string | undefined {
  const [, alert] =
    /^ERR_SSL_.*_ALERT_(UNKNOWN_CA|(?:BAD_|UNSUPPORTED_)?CERTIFICATE(?:_\w+)?)$/.exec(code) ?? [];
  return alert?.toLowerCase().replaceAll('_', ' ');
}
