// Which group each kind of entry is in, and which of its fields tell it in a line (`fields/*`: all of those). What it is called stands in the tables of words. A
// kind that is not here (of a newer program) is shown under its own name.

const KINDS = (() => {
  const groups = {
    command: {
      LeadTaken: "tier jurisdiction decides partners basis",
      LeadOffered: "offer tier jurisdiction before partners why",
      LeadOfferEnded: "offer why partner reason",
      LeadEnded: "tier jurisdiction",
      BriefingGiven: "offer partner",
      DecisionDrafted: "partner person fields/_decision",
      DecisionTaken: "decision partner person fields/_decision fields/rationale",
      Objected: "about partner person text",
      DutyShown: "partner rule",
      DutyConfirmed: "partner person rule",
      StandInNamed: "partner person stand_in office instrument",
    },
    alerts: {
      AlertDrafted: "draft template partner person fields/*",
      DraftConfirmed: "draft person",
      DraftDropped: "draft by",
      AlertRequested: "request template partner person asked fields/*",
      AskedToIssue: "template partner person asked",
      RequestAnswered: "request partner person answer",
      AlertIssued: "alert template partner person confirmed_by fields/*",
      AlertAddressed: "alert",
      CopyHeld: "alert partner field reason",
      CopyReleased: "alert partner person",
      CallAsked: "alert partner person",
      AlertSuperseded: "alert by",
      AlertCancelled: "alert partner person text",
      AlertRetracted: "alert partner person text",
      AlertExpired: "alert",
    },
    answers: {
      Acknowledged: "alert partner person choice via spoke_with",
      AnswerUndone: "alert partner person choice",
      Escalated: "about partner do",
      PartnerUnreachable: "about partner",
      EscalationStalled: "about partner",
      CallTaken: "about partner person",
      CallReported: "about partner person reached spoke_with",
      CheckinStarted: "round name why",
      CheckinAnswered: "round partner person answer words",
      CheckinOverdue: "round",
      CheckinEnded: "round why",
      RollCallStarted: "rollcall partner",
      PersonAccounted: "rollcall partner person state words",
      RollCallEnded: "rollcall why",
    },
    course: {
      IncidentOpened: "incident title playbook phase partner person",
      IncidentClosed: "partner person reason",
      PhaseChanged: "before phase partner person",
      DangerDeclared: "partner person reason until",
      DangerEnded: "by",
      NoteAdded: "partner person text",
      CommandRefused: "partner person command reason",
      PlaybookProposed: "playbook version partner person",
      PlaybookKept: "partner person",
      PlaybookReloaded: "playbook version proposed_by person",
      PartnerAdmitted: "partner name kind until person",
      AdmissionEnded: "partner by",
      ReportMade: "report partner person",
      ReportAnswered: "report person incident",
      ExercisePaused: "by",
      ExerciseResumed: "person",
    },
    talk: {
      Said: "said partner person channels content/words",
      SaidAnew: "said content/words",
      TakenBack: "said",
      ReactedTo: "said partner person emoji",
      Voted: "said person options",
      PollClosed: "said",
      TalkStopped: "partner room reason",
      TalkResumed: "partner room",
      Unread: "room",
    },
    disclosure: {
      Disclosed: "about partner label",
      LogRead: "partner person question reason",
      Exported: "reader by reason form",
      CheckpointPosted: "partner room size",
      CheckpointCosigned: "partner size vkey",
      CheckpointStamped: "authority size time",
      KeyReplaced: "by reason new",
      RollbackFound: "stream size signed",
      FieldErased: "entry path by reason basis",
      PersonErased: "person by reason basis entries",
      LogErased: "days by reason upto",
      HoldPlaced: "on by reason",
      HoldLifted: "on by reason",
    },
    delivery: {
      MessageSent: "room",
      MessageRefused: "room reason",
      MessageUnknown: "room reason",
      MessageDropped: "room reason",
      MessageTracked: "role about partner",
      RemovalAsked: "about partner room",
      MessageRemoved: "room",
      MessageRemains: "room reason",
    },
    machine: {
      DeadlinePassed: "key",
      DeadlineHeld: "key",
      EventFailed: "error",
      Started: "program",
      Stopped: "reason",
      RoomBound: "partner room by",
      AliasResolved: "alias room",
      RoomObserved: "room title",
      RoomMoved: "old new",
      RoomLost: "room reason",
      RoomRegained: "room",
      DirectChatOpened: "identity room",
      InvitationMade: "invitation partner role by",
      PersonEnrolled: "person name partner role",
      IdentityJoined: "person identity",
      IdentityLost: "person identity",
      PersonRevoked: "person by reason",
      LanguageChosen: "who language",
      NetworkLost: "network reason",
      NetworkBack: "network",
      DutyOffered: "person partner to",
      DutyTaken: "person partner",
      DutyLeft: "person partner to",
      DutyReminded: "partner rule",
      ReachTestSent: "test playbook by",
      ReachTestAnswered: "test partner person",
      WordsKept: "person text",
      WordsUsed: "words",
    },
  };
  const kinds = new Map();
  for (const [group, members] of Object.entries(groups)) {
    for (const [kind, paths] of Object.entries(members)) kinds.set(kind, { group, paths: paths.split(" ") });
  }
  return kinds;
})();

const GROUPS = ["command", "alerts", "answers", "course", "talk", "disclosure", "delivery", "machine"];

/** The groups that tell the course of events; the others say how the machine carried it out. */
const MAIN = new Set(["command", "alerts", "answers", "course", "talk"]);

/** What is known of a kind, also of one that is not listed. */
function kindOf(type) {
  return KINDS.get(type) ?? { group: "course", paths: ["alert", "about", "partner", "person", "text", "reason"] };
}

/** What a kind is called in the reader's language. */
function kindName(type) {
  const { kinds } = WORDS[tongue];
  return Object.hasOwn(kinds, type) ? kinds[type] : type.replace(/(?<=[a-z])(?=[A-Z])/g, " ");
}
