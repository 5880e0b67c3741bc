/** The compiled converter, base64; made by the build. */
export declare const base64: string;
