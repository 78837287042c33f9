import * as pulumi from "@pulumi/pulumi";

/**
 * A name in a certificate. Its parts stand there in the order in which the program writes them, and MySQL compares them in that order; a
 * type that stands there several times takes an array. At least one part.
 */
export interface SubjectArgs {
  /**
   * Country, two capital letters.
   * @default left out
   */
  C?: pulumi.Input<string>;
  /**
   * State or province, up to 128 characters.
   * @default left out
   */
  ST?: pulumi.Input<string | pulumi.Input<string>[]>;
  /**
   * Locality, up to 128 characters.
   * @default left out
   */
  L?: pulumi.Input<string | pulumi.Input<string>[]>;
  /**
   * Organization, up to 64 characters.
   * @default left out
   */
  O?: pulumi.Input<string | pulumi.Input<string>[]>;
  /**
   * Organizational unit, up to 64 characters.
   * @default left out
   */
  OU?: pulumi.Input<string | pulumi.Input<string>[]>;
  /**
   * Common name, up to 64 characters: of a server its host name, of a client its account, of a CA a name of its own.
   * @default left out
   */
  CN?: pulumi.Input<string | pulumi.Input<string>[]>;
  /**
   * Mail address, ASCII, up to 128 characters.
   * @default left out
   */
  emailAddress?: pulumi.Input<string | pulumi.Input<string>[]>;
  /**
   * Serial number of a device or person, not of the certificate; letters, digits and a few marks, up to 64.
   * @default left out
   */
  serialNumber?: pulumi.Input<string | pulumi.Input<string>[]>;
  /**
   * Title, up to 64 characters.
   * @default left out
   */
  title?: pulumi.Input<string | pulumi.Input<string>[]>;
  /**
   * Given name, up to 64 characters.
   * @default left out
   */
  GN?: pulumi.Input<string | pulumi.Input<string>[]>;
  /**
   * Surname, up to 64 characters.
   * @default left out
   */
  SN?: pulumi.Input<string | pulumi.Input<string>[]>;
  /**
   * User id, up to 64 characters.
   * @default left out
   */
  UID?: pulumi.Input<string | pulumi.Input<string>[]>;
  /**
   * Domain component, ASCII, up to 63 characters.
   * @default left out
   */
  DC?: pulumi.Input<string | pulumi.Input<string>[]>;
}

/** The engine sorts the keys of an object; a list keeps its order. */
export function orderedSubject(
  subject: pulumi.Input<SubjectArgs>,
): pulumi.Output<{ type: string; value: string }[]> {
  return pulumi
    .output(subject)
    .apply((parts) =>
      Object.entries(parts as Record<string, string | string[] | undefined>).flatMap(([type, values]) =>
        values === undefined ? [] : [values].flat().map((value) => ({ type, value })),
      ),
    );
}
