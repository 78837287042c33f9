import { turns } from "../mysql/turns";

/**
 * A certificate and its key are set by two statements, and another resource that looks at the server in between would take the one
 * without the other. So who sets them and who looks take turns, by server_uuid.
 */
export const inTurn = turns();
