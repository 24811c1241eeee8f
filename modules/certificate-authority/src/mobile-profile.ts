import { createHash } from 'node:crypto';

/**
 * A configuration profile for iOS, iPadOS and macOS that offers the authority's certificate, unsigned: the reader compares
 * the fingerprint. Same certificate, same identifiers, so that installing it again replaces it.
 */
export function describeProfile(certificate: { readonly der: Uint8Array; readonly name: string }): string {
  const uuid = (purpose: string): string => {
    const hex = createHash('sha256').update(purpose).update(certificate.der).digest('hex').toUpperCase();
    // The form of a random UUID (RFC 9562 section 5.8, custom).
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  };
  const name = escapeXml(certificate.name);
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>PayloadContent</key>
  <array>
    <dict>
      <key>PayloadCertificateFileName</key><string>sallyport-authority.crt</string>
      <key>PayloadContent</key><data>${Buffer.from(certificate.der).toString('base64')}</data>
      <key>PayloadDescription</key><string>Lets this device verify the Sallyport server</string>
      <key>PayloadDisplayName</key><string>${name}</string>
      <key>PayloadIdentifier</key><string>sallyport.authority.${uuid('certificate')}</string>
      <key>PayloadType</key><string>com.apple.security.root</string>
      <key>PayloadUUID</key><string>${uuid('certificate')}</string>
      <key>PayloadVersion</key><integer>1</integer>
    </dict>
  </array>
  <key>PayloadDescription</key><string>Compare the fingerprint with the one you were told before you install it</string>
  <key>PayloadDisplayName</key><string>${name}</string>
  <key>PayloadIdentifier</key><string>sallyport.authority</string>
  <key>PayloadRemovalDisallowed</key><false/>
  <key>PayloadType</key><string>Configuration</string>
  <key>PayloadUUID</key><string>${uuid('profile')}</string>
  <key>PayloadVersion</key><integer>1</integer>
</dict>
</plist>
`;
}

function escapeXml(text: string): string {
  const names: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&apos;',
  };
  return text.replaceAll(/[&<>"']/g, (character) => names[character] ?? '');
}
