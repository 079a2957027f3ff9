import java.io.BufferedReader;
import java.io.File;
import java.io.FileWriter;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.apache.rocketmq.auth.authentication.enums.UserType;
import org.apache.rocketmq.auth.authentication.model.User;
import org.apache.rocketmq.auth.authorization.enums.Decision;
import org.apache.rocketmq.auth.authorization.model.Acl;
import org.apache.rocketmq.auth.authorization.model.Resource;
import org.apache.rocketmq.broker.BrokerController;
import org.apache.rocketmq.broker.BrokerStartup;
import org.apache.rocketmq.broker.mqtrace.SendMessageContext;
import org.apache.rocketmq.broker.mqtrace.SendMessageHook;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.common.action.Action;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.namesrv.NamesrvController;
import org.apache.rocketmq.namesrv.NamesrvStartup;
import org.apache.rocketmq.store.DefaultMessageStore;
import org.apache.rocketmq.store.GetMessageResult;

/**
 * The real name server and broker in one process, with access control on, for the tests of the RocketMQ outlet.
 *
 * Arguments: home, port of the name server, port of the broker (its fast port is 2 below, the replication port 1 above).
 * A line on standard input is a command, and is answered by one line on standard output once it is done:
 * "topic NAME QUEUES" makes an ordered topic, "remove NAME" takes one away, "full" and "room" are what the broker says of
 * its disk, "full after N" what it says once it took so many sends more, and "keys NAME" is answered by a line before, with
 * the KEYS of every message of a topic, each with a tab behind it. The end of standard input ends the process at once, as a power cut would.
 */
public final class Broker {
    /** Sends that are taken before the disk is full. */
    private static final AtomicInteger SENDS = new AtomicInteger(Integer.MAX_VALUE);

    public static void main(String[] args) throws Exception {
        File home = new File(args[0]);
        String names = "127.0.0.1:" + args[1];
        int port = Integer.parseInt(args[2]);
        System.setProperty("rocketmq.home.dir", home.getPath());
        System.setProperty("user.home", home.getPath());
        String nameServer = write(home, "names.properties", "bindAddress=127.0.0.1", "listenPort=" + args[1]);
        String broker = write(home, "broker.properties", "brokerClusterName=Tests", "brokerName=a", "brokerId=0",
            "brokerIP1=127.0.0.1", "brokerIP2=127.0.0.1", "bindAddress=127.0.0.1", "listenPort=" + port,
            "haListenPort=" + (port + 1), "namesrvAddr=" + names, "storePathRootDir=" + home + "/store",
            "storePathCommitLog=" + home + "/store/commitlog", "mappedFileSizeCommitLog=16777216",
            "flushDiskType=SYNC_FLUSH", "autoCreateTopicEnable=false", "autoCreateSubscriptionGroup=true",
            "diskMaxUsedSpaceRatio=95", "maxMessageSize=262144", "registerNameServerPeriod=10000",
            // It looks at its disk by itself no more than once, or it would say again that there is room.
            "cleanResourceInterval=86400000", "timerWheelEnable=false",
            "authConfigPath=" + home + "/store/auth", "authenticationEnabled=true", "authorizationEnabled=true",
            "authenticationMetadataProvider="
                + "org.apache.rocketmq.auth.authentication.provider.LocalAuthenticationMetadataProvider",
            "authorizationMetadataProvider="
                + "org.apache.rocketmq.auth.authorization.provider.LocalAuthorizationMetadataProvider",
            "authenticationProvider=org.apache.rocketmq.auth.authentication.provider.DefaultAuthenticationProvider",
            "authorizationProvider=org.apache.rocketmq.auth.authorization.provider.DefaultAuthorizationProvider",
            "initAuthenticationUser={\"username\":\"admin\",\"password\":\"admin-secret\"}",
            "innerClientAuthenticationCredentials={\"accessKey\":\"admin\",\"secretKey\":\"admin-secret\"}");
        // What the servers say on standard output is not for the test.
        PrintStream out = System.out;
        System.setOut(System.err);
        NamesrvController directory = NamesrvStartup.main0(new String[] {"-c", nameServer});
        BrokerController controller = BrokerStartup.createBrokerController(new String[] {"-c", broker});
        controller.registerSendMessageHook(new Fills((DefaultMessageStore) controller.getMessageStore()));
        BrokerStartup.start(controller);
        people(controller);
        register(controller, directory);
        out.println("ready");
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        try {
            for (String line = commands.readLine(); line != null; line = commands.readLine()) {
                obey(controller, line.split(" "), out);
                register(controller, directory);
                out.println("done " + line);
            }
        } finally {
            // Whatever happened: other threads would let the process live on.
            Runtime.getRuntime().halt(0);
        }
    }

    /** One user may only publish, one may only read. */
    private static void people(BrokerController controller) {
        Resource any = Resource.of("Topic:*");
        Resource group = Resource.of("Group:*");
        person(controller, "fpp", "fpp-secret", Acl.of(User.of("fpp"), Arrays.asList(any),
            Arrays.asList(Action.PUB), null, Decision.ALLOW));
        person(controller, "reader", "reader-secret", Acl.of(User.of("reader"), Arrays.asList(any, group),
            Arrays.asList(Action.SUB, Action.GET), null, Decision.ALLOW));
    }

    private static void person(BrokerController controller, String name, String secret, Acl acl) {
        try {
            if (controller.getAuthenticationMetadataManager().getUser(name).join() == null) {
                controller.getAuthenticationMetadataManager().createUser(User.of(name, secret, UserType.NORMAL)).join();
                controller.getAuthorizationMetadataManager().createAcl(acl).join();
            }
        } catch (RuntimeException e) {
            throw new IllegalStateException("no user " + name, e);
        }
    }

    private static void obey(BrokerController controller, String[] words, PrintStream out) throws Exception {
        DefaultMessageStore store = (DefaultMessageStore) controller.getMessageStore();
        switch (words[0]) {
            case "topic":
                int queues = Integer.parseInt(words[2]);
                TopicConfig topic = new TopicConfig(words[1], queues, queues);
                topic.getAttributes().put("+message.type", "FIFO");
                controller.getTopicConfigManager().updateTopicConfig(topic);
                break;
            case "remove":
                controller.getTopicConfigManager().deleteTopicConfig(words[1]);
                break;
            case "full":
                if (words.length == 1) {
                    store.getRunningFlags().getAndMakeDiskFull();
                } else {
                    SENDS.set(Integer.parseInt(words[2]));
                }
                break;
            case "keys":
                out.println(each(store, words[1], MessageExt::getKeys));
                break;
            case "property":
                out.println(each(store, words[1], message -> message.getUserProperty(words[2])));
                break;
            case "room":
                SENDS.set(Integer.MAX_VALUE);
                store.getRunningFlags().getAndMakeDiskOK();
                break;
            default:
                throw new IllegalArgumentException(String.join(" ", words));
        }
    }

    /** What is asked of every message of a topic. */
    private static String each(DefaultMessageStore store, String topic, Function<MessageExt, String> what) throws Exception {
        // A message is confirmed a little before it can be read.
        while (store.dispatchBehindBytes() > 0) {
            Thread.sleep(1);
        }
        StringBuilder told = new StringBuilder();
        int queues = store.getTopicConfig(topic).get().getReadQueueNums();
        for (int queue = 0; queue < queues; queue++) {
            long next = store.getMinOffsetInQueue(topic, queue);
            while (next < store.getMaxOffsetInQueue(topic, queue)) {
                GetMessageResult found = store.getMessage("tests", topic, queue, next, 1000, null);
                for (ByteBuffer message : found.getMessageBufferList()) {
                    told.append(what.apply(MessageDecoder.decode(message))).append('\t');
                }
                next = found.getNextBeginOffset();
                found.release();
            }
        }
        return told.toString();
    }

    /** Says that the disk is full when no more sends shall be taken. */
    private static final class Fills implements SendMessageHook {
        private final DefaultMessageStore store;

        private Fills(DefaultMessageStore store) {
            this.store = store;
        }

        @Override
        public String hookName() {
            return "fills";
        }

        @Override
        public void sendMessageBefore(SendMessageContext context) {
            if (SENDS.getAndUpdate(left -> left == Integer.MAX_VALUE ? left : Math.max(left - 1, 0)) == 0) {
                store.getRunningFlags().getAndMakeDiskFull();
            }
        }

        @Override
        public void sendMessageAfter(SendMessageContext context) {
        }
    }

    /** Tells the name server what there is, until it knows: by itself a broker would say so again after ten seconds. */
    private static void register(BrokerController controller, NamesrvController directory) throws InterruptedException {
        boolean known = false;
        while (!known) {
            controller.registerBrokerAll(true, false, true);
            known = true;
            for (String topic : controller.getTopicConfigManager().getTopicConfigTable().keySet()) {
                known &= directory.getRouteInfoManager().pickupTopicRouteData(topic) != null;
            }
            if (!known) {
                Thread.sleep(20);
            }
        }
    }

    private static String write(File folder, String name, String... lines) throws Exception {
        folder.mkdirs();
        File file = new File(folder, name);
        try (PrintWriter out = new PrintWriter(new FileWriter(file))) {
            for (String line : lines) {
                out.println(line);
            }
        }
        return file.getPath();
    }
}
